"""Bytes and texts that are almost right: bits turned, pieces cut, doubled and exchanged, numbers without measure."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from pathlib import Path

Mutation = Callable[[Path, random.Random], None]
"""Changes a file in place."""

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
WORDS = (
    *(b"", b"0", b"-0", b"-1", b"1e999", b"-1e308", b"nan", b"NaN", b"inf", b"-Infinity", b"1e-320", b"9" * 20),
    *(b"9" * 400, b"9" * 6000, b"2147483648", b"-9223372036854775809", b"1/0", b"0x10", b"1_000", b"1,5", b"null"),
    *(b"true", b"[]", b"{}", b'"', b"'", b"<", b"&", b"\n", b"\r", b"\0", b"\x1b[2J", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"../" * 12 + b"outside", b"/outside", b"%s%n%(x)s", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"=", b",", b";", b" "),
    *(b"[Sequence]", b"a" * 300, b"a" * 100_000, b"--overwrite", b"$(touch outside)", b"\xd9\xa3", b"1e6", b"1000000"),
)
EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
MOST = 4_000_000  # bytes that a doubled file may have
NESTED = 100_000


def text(path: Path, chance: random.Random) -> None:
    """One to three changes to a file of text."""
    content = path.read_bytes()
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = chance.choice(TEXT)(content, chance)
    path.write_bytes(content)


def binary(path: Path, chance: random.Random) -> None:
    """One to three changes to a file of bytes."""
    content = path.read_bytes()
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = chance.choice(BINARY)(content, chance)
    path.write_bytes(content)


def word(content: str, chance: random.Random) -> str:
    """One change to an argument of the command line, which can hold no NUL."""
    changed = chance.choice(TEXT)(content.encode("utf-8", "surrogateescape"), chance)[:100_000]
    return changed.replace(b"\0", b"").decode("utf-8", "surrogateescape")


def _span(content: bytes, chance: random.Random, most: int = 1 << 30) -> tuple[int, int]:
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return start, min(end, start + most)


def _cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _cut_out(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance, chance.choice((1, 8, 1 << 20)))
    return content[:start] + content[end:]


def _doubled(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    times = min(chance.choice((1, 1, 3, 300)), MOST // (end - start + 1))
    return content[:end] + content[start:end] * times + content[end:]


def _exchanged(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    middle = (start + end) // 2
    return content[:start] + content[middle:end] + content[start:middle] + content[end:]


def _bits(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 4, 64)) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _zeros(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance, 512)
    return content[:start] + bytes([chance.choice((0, 255))]) * (end - start) + content[end:]


def _edge(content: bytes, chance: random.Random) -> bytes:
    """A number of 1 to 8 bytes at the end of its range; early in the file, where headers are, more often."""
    code = chance.choice(("B", ">H", "<H", ">I", "<I", ">Q", "<Q"))
    size = struct.calcsize(code)
    reach = chance.choice((64, 512, len(content)))
    at = chance.randrange(max(1, min(reach, len(content))))
    return content[:at] + struct.pack(code, chance.choice(EDGES) & (1 << 8 * size) - 1) + content[at + size :]


def _number(content: bytes, chance: random.Random) -> bytes:
    found = list(NUMBER.finditer(content))
    if not found:
        return _word(content, chance)
    at = chance.choice(found)
    return content[: at.start()] + chance.choice(WORDS) + content[at.end() :]


def _all_numbers(content: bytes, chance: random.Random) -> bytes:
    """A number wherever it stands, as a corrupt export has it."""
    found = list(NUMBER.finditer(content))
    if not found:
        return content
    wanted, other = chance.choice(found)[0], chance.choice(WORDS[:20])
    return re.sub(rb"(?<![\d.])" + re.escape(wanted) + rb"(?![\d.])", lambda _: other, content)[:MOST]


def _word(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance, chance.randrange(12))
    return content[:start] + chance.choice(WORDS) + content[end:]


def _nested(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.choice((b"[", b'{"a":', b"<a>", b"(", b"%")) * NESTED + content[at:]


def _lines(content: bytes, chance: random.Random) -> bytes:
    """Lines in another order, or one of them very often."""
    lines = content.splitlines(keepends=True)
    if chance.random() < 0.5 or not lines:
        chance.shuffle(lines)
        return b"".join(lines)
    line = chance.choice(lines)
    return content + line * min(20_000, MOST // max(1, len(line)))


BINARY = (_cut_off, _cut_out, _doubled, _exchanged, _bits, _bits, _zeros, _edge, _edge, _edge)
TEXT = (_cut_off, _cut_out, _doubled, _exchanged, _bits, _number, _number, _all_numbers, _word, _word, _nested, _lines)
