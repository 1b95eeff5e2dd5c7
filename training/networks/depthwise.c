/* The kernels' gradient of a depthwise convolution in bfloat16, channels last, by AVX-512.

   pictures (N, H, W, C), the output's gradient (N, H', W', C), kernels K x K with K / 2 zeros around the picture: the
   gradient (K * K, C) in float, for the blocks of 16 channels from `first` to `last`. A block's K * K sums stay in
   registers while it goes over the picture once. */

#include <immintrin.h>
#include <stdint.h>

typedef struct {
  int64_t count, height, width, channels, out_height, out_width, stride;
} Shape;

static inline __m512 load(const uint16_t *from, __mmask16 mask) {
  const __m512i half = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(half, 16));
}

#define GRADIENT(K)                                                                                                   \
  static void block##K(const uint16_t *x, const uint16_t *g, float *w, const Shape *s, __mmask16 mask) {             \
    __m512 sum[K * K];                                                                                                \
    for (int k = 0; k < K * K; k++) sum[k] = _mm512_setzero_ps();                                                     \
    for (int64_t n = 0; n < s->count; n++)                                                                            \
      for (int64_t row = 0; row < s->out_height; row++)                                                               \
        for (int64_t column = 0; column < s->out_width; column++, g += s->channels) {                                 \
          const int64_t top = row * s->stride - K / 2, left = column * s->stride - K / 2;                             \
          const uint16_t *corner = x + ((n * s->height + top) * s->width + left) * s->channels;                       \
          const __m512 grad = load(g, mask);                                                                          \
          if (top >= 0 && top + K <= s->height && left >= 0 && left + K <= s->width) {                                \
            _Pragma("GCC unroll 25") for (int k = 0; k < K * K; k++) sum[k] =                                         \
                _mm512_fmadd_ps(grad, load(corner + (k / K * s->width + k % K) * s->channels, mask), sum[k]);         \
          } else {                                                                                                    \
            _Pragma("GCC unroll 25") for (int k = 0; k < K * K; k++) if (                                             \
                top + k / K >= 0 && top + k / K < s->height && left + k % K >= 0 && left + k % K < s->width) sum[k] = \
                _mm512_fmadd_ps(grad, load(corner + (k / K * s->width + k % K) * s->channels, mask), sum[k]);         \
          }                                                                                                           \
        }                                                                                                             \
    for (int k = 0; k < K * K; k++) _mm512_mask_storeu_ps(w + k * s->channels, mask, sum[k]);                         \
  }

GRADIENT(3)
GRADIENT(5)

void kernel_gradient(const uint16_t *x, const uint16_t *g, float *w, const Shape *s, int64_t kernel, int64_t first,
                     int64_t last) {
  for (int64_t c = 16 * first; c < 16 * last; c += 16) {
    const int64_t lanes = s->channels - c < 16 ? s->channels - c : 16;
    (kernel == 5 ? block5 : block3)(x + c, g + c, w + c, s, (__mmask16)((1u << lanes) - 1));
  }
}
