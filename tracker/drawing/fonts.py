"""Fonts for text on pictures: the built-in one, and fonts of the system for what it has no letters for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

SYSTEM_FONTS = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf"),
    *("Arial Unicode.ttf", "Helvetica.ttc", "segoeui.ttf", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf"),
    *("msyh.ttc", "msgothic.ttc", "malgun.ttf", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "wqy-zenhei.ttc"),
    *("wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf"),
    *("NotoSansDevanagari-Regular.ttf", "NotoSansThai-Regular.ttf", "Nirmala.ttf", "NotoEmoji-Regular.ttf"),
)
"""Files of Linux, macOS and Windows, those with most scripts first."""
PACKAGE_FONTS = {"matplotlib": "mpl-data/fonts/ttf/DejaVuSans.ttf", "cv2": "qt/fonts/DejaVuSans.ttf"}
PAIRS = """ßss æae ÆAE œoe ŒOE øo ØO łl ŁL đd ĐD ðd þth ÞTh ıi ×x →-> ←<- •- –- —- ‘' ’' ‚' “" ”" „" «" »\""""
PLAIN = {pair[0]: pair[1:] for pair in PAIRS.split()}
"""What Unicode does not take apart by itself."""
NO_LETTER = "\U0010fffe"  # no font has a glyph for it
PROBE = 16  # pixels: the size at which fonts are asked for their letters


@lru_cache(maxsize=2048)
def font_for(text: str, size: int) -> tuple[str, Font]:
    """A text as it can be drawn, and a font of a size in pixels that has all its letters.

    The built-in font comes first, then the font of the system that lacks the fewest letters. What no font has is
    written without accents, or as "?": an empty box tells nobody anything.
    """
    if text.isascii() and text.isprintable():
        return text, _built_in(size)
    text = _composed(text)
    fonts = [_built_in(PROBE)]
    if _missing(text, fonts[0]):
        fonts += _system_fonts()
    place = fewest_missing(text, fonts)
    chosen = fonts[place]
    shown = "".join(letter if has_letter(chosen, letter) else _replaced(letter, chosen) for letter in text)
    return shown, _of_size(chosen, size) if place else _built_in(size)


def fewest_missing(text: str, fonts: Sequence[Font]) -> int:
    """The place of the font that has most letters of a text, the first of several."""
    return min(range(len(fonts)), key=lambda place: _missing(text, fonts[place]))


@lru_cache(maxsize=8192)
def has_letter(font: Font, letter: str) -> bool:
    """Whether a font draws a character as something else than what it draws for missing ones."""
    return letter == " " or _drawn(font, letter) != _drawn(font, NO_LETTER)


def _drawn(font: Font, letter: str) -> tuple[tuple[int, int], bytes] | None:
    """Size and coverage of a glyph; None where the font cannot be asked for it."""
    try:
        mask = font.getmask(letter)
    except (UnicodeError, OSError, ValueError):
        return None
    return mask.size, bytes(mask)


def _missing(text: str, font: Font) -> int:
    return sum(not has_letter(font, letter) and unicodedata.category(letter) != "Cf" for letter in text)


def _composed(text: str) -> str:
    """The text with one character for a letter and its accent, and spaces for what is not printed."""
    text = "".join(" " if letter.isspace() or unicodedata.category(letter) == "Cc" else letter for letter in text)
    return "".join(letter for letter in unicodedata.normalize("NFC", text) if not "\ufe00" <= letter <= "\ufe0f")


def _replaced(letter: str, font: Font) -> str:
    """What stands for a character that a font does not have."""
    plain = PLAIN.get(letter) or unicodedata.normalize("NFKD", letter)
    found = "".join(PLAIN.get(part, part) for part in plain if not unicodedata.combining(part))
    found = "".join(part for part in found if has_letter(font, part))
    unseen = unicodedata.category(letter) in ("Cf", "Mn", "Me")  # accents and marks of direction
    return found or ("" if unseen else "?")


@lru_cache(maxsize=64)
def _built_in(size: int) -> Font:
    return ImageFont.load_default(size)


@lru_cache(maxsize=64)
def _of_size(font: Font, size: int) -> Font:
    return font.font_variant(size=size) if isinstance(font, ImageFont.FreeTypeFont) else font


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[Font, ...]:
    """The fonts that there are, at the size for questions; searched for when a text first needs one."""
    return tuple(_opened())


def _opened() -> Iterator[Font]:
    for name in (*SYSTEM_FONTS, *_package_fonts()):
        with suppress(OSError, ImportError):  # there is none, it is damaged, or this Pillow reads none
            yield ImageFont.truetype(name, PROBE)


def _package_fonts() -> Iterator[str]:
    """Fonts inside of packages, which need not be imported for them."""
    for package, path in PACKAGE_FONTS.items():
        spec = find_spec(package)
        if spec is not None and spec.origin:
            yield str(Path(spec.origin).parent / path)
