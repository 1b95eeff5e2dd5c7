"""Archives, databases, weights and networks that hold what they should not."""

from __future__ import annotations

import io
import json
import random
import sqlite3
import struct
import zipfile
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults import mutations
from benchmarks.faults.mutations import EDGES, Mutation
from benchmarks.faults.tree_mutations import VALUES, tree

BOMB = 60_000_000  # bytes that a member unpacks to
NAMES = ("../../../outside.txt", "/outside.txt", "a\0b", "a" * 300, "\u202egpj.exe", "..\\..\\o.txt", "gt/", "con")
MANY = 100  # members of an archive; for each of them, LZMA takes longer to begin than all else together
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
CELLS: tuple[object, ...] = (
    *(None, -1, 0, 2**62, 1e308, float("inf"), "", "x", "a\0b", "\x1b[2J\n", "../../../outside", "/outside", ".", ".."),
    *(".pieces", ".work", "a" * 300, "a/b", b"\xff\xfe", "done", "running", "\u202e", "-o", "A", "%s"),
)


def archive(member: Mutation) -> Mutation:
    """One member changed, renamed, doubled, taken out or blown up; or the bytes of the archive."""

    def mutate(path: Path, chance: random.Random) -> None:
        if chance.random() < 0.3:
            mutations.binary(path, chance)
            return
        with zipfile.ZipFile(path) as old:
            contents = [(name, old.read(name)) for name in old.namelist()]
        at = chance.randrange(len(contents))
        contents[at : at + 1] = _members(*contents[at], member, path.with_name("member"), chance)
        large = len(contents) > MANY or sum(len(content) for _, content in contents) >= BOMB
        method = chance.choice(METHODS[:2] if large else METHODS)
        with zipfile.ZipFile(path, "w", method, compresslevel=1) as new:
            for name, content in contents:
                new.writestr(name, content)

    return mutate


def _members(
    name: str, content: bytes, mutation: Mutation, draft: Path, chance: random.Random
) -> list[tuple[str, bytes]]:
    """What stands in the place of a member of an archive."""
    kind = chance.randrange(12)
    if kind == 0:
        return []
    if kind == 1:
        return [(chance.choice(NAMES).replace("\0", ""), content)]
    if kind == 2:
        return [(name, content[: len(content) // 2] + bytes(BOMB) if chance.random() < 0.5 else b"1" * BOMB)]
    if kind == 3:
        return [(f"{number}/{name}", content) for number in range(3000)]
    draft.write_bytes(content)
    mutation(draft, chance)
    changed = draft.read_bytes()
    draft.unlink()
    return [(name, changed)]


def arrays(path: Path, chance: random.Random) -> None:
    """A NumPy array with another shape, type or content."""
    content = path.read_bytes()
    if not content.startswith(b"\x93NUMPY"):
        tree(path, chance)
    elif chance.random() < 0.4:
        mutations.binary(path, chance)
    else:
        array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        flat = array.astype(np.float64).ravel()
        if flat.size:
            flat[chance.randrange(flat.size)] = chance.choice((np.nan, np.inf, -1, 1e308, 2.0**62, 0, 1e9))
        with np.errstate(all="ignore"):
            changed = flat.reshape(array.shape) if chance.random() < 0.5 else flat.astype(array.dtype)
        np.lib.format.write_array(path.open("wb"), changed, allow_pickle=False)


def database(path: Path, chance: random.Random) -> None:
    """A cell, a column or a table of an SQLite file that is other than expected; or its bytes."""
    if chance.random() < 0.25:
        mutations.binary(path, chance)
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(videos)")]
        for _ in range(chance.choice((1, 1, 2))):
            column, value = chance.choice(columns), chance.choice(CELLS)
            with suppress(sqlite3.Error):
                file.execute(f"UPDATE videos SET {column} = ? WHERE rowid = {chance.choice((1, 2))}", (value,))
        if chance.random() < 0.1:
            column = chance.choice(columns[2:])
            with suppress(sqlite3.Error):
                file.execute(chance.choice(("DROP TABLE videos", f"ALTER TABLE videos DROP COLUMN {column}")))
        if chance.random() < 0.1:
            file.execute(f"PRAGMA {chance.choice(('user_version', 'application_id'))} = {chance.choice((-1, 0, 7))}")


def safetensors(path: Path, chance: random.Random) -> None:
    """The header's JSON changed as a tree, its length, or the bytes."""
    if chance.random() < 0.4:
        mutations.binary(path, chance)
        return
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    about = header.get("__metadata__", {})
    if about and chance.random() < 0.7:
        key = chance.choice(list(about))
        try:
            inner: Any = json.loads(about[key])
        except ValueError:
            inner = None
        if isinstance(inner, dict) and inner:
            inner[chance.choice(list(inner))] = chance.choice(VALUES)
            about[key] = json.dumps(inner)
        else:
            about[key] = str(chance.choice(VALUES))
    else:
        entry = header[chance.choice([name for name in header if name != "__metadata__"])]
        entry[chance.choice(list(entry))] = chance.choice((*VALUES[:30], [2**40, 2**40], [-1], "F64", "I8", "BF16"))
    with suppress(UnicodeEncodeError, ValueError):
        text = json.dumps(header).encode()
        told = chance.choice((len(text), len(text), len(text), *EDGES))
        path.write_bytes(struct.pack("<Q", told) + text + content[8 + length :])


def network(path: Path, chance: random.Random) -> None:
    """A field of an ONNX file: shapes, types, names, attributes, weights, metadata; or its bytes."""
    if chance.random() < 0.35:
        mutations.binary(path, chance)
        return
    import onnx

    model = onnx.load(str(path))
    for _ in range(chance.choice((1, 1, 2, 3))):
        _change_message(model, chance)
    path.write_bytes(model.SerializeToString())


def _change_message(message: Any, chance: random.Random) -> None:
    """One field somewhere below a protobuf message."""
    while True:
        field, value = chance.choice(message.ListFields())
        many = isinstance(value, (list, tuple)) or hasattr(value, "append") or hasattr(value, "add")
        if many and chance.random() < 0.1 and len(value):
            del value[chance.randrange(len(value))]
            return
        if field.message_type is None:
            _change_field(message, field, value if many else None, chance)
            return
        message = chance.choice(list(value)) if many else value
        if not message.ListFields():
            message.Clear()
            return


def _change_field(message: Any, field: Any, values: Any, chance: random.Random) -> None:
    """Another value in a field of plain values, or in one place of a repeated one."""
    kinds = {field.TYPE_STRING: ("", "x", "a" * 5000, "\u202e\x1b[2J", "../../o", "{'a': 1}", "[" * 5000, "9" * 5000)}
    kinds[field.TYPE_BYTES] = (b"", b"\xff" * 8, b"x" * 100_000, b"\x00\x00\xc0\x7f" * 8)  # type: ignore[assignment]
    floats: tuple[Any, ...] = (float("nan"), 1e38, -1.0, 0.0)
    wide = field.type in (field.TYPE_INT64, field.TYPE_UINT64, field.TYPE_SINT64)
    ints: tuple[Any, ...] = (0, 1, -1, 3, 1 << 20, 2**31 - 1, *((2**40, 2**62, -(2**63)) if wide else ()))
    value = chance.choice(
        kinds.get(field.type, floats if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE) else ints)
    )
    with suppress(ValueError, TypeError):
        if values is None:
            setattr(message, field.name, value)
        elif len(values):
            values[chance.randrange(len(values))] = value


def picture(path: Path, chance: random.Random) -> None:
    """Bytes; of a PNG also a chunk whose checksum is right again."""
    content = bytearray(path.read_bytes())
    if not content.startswith(b"\x89PNG") or chance.random() < 0.5:
        mutations.binary(path, chance)
        return
    at = chance.choice(
        [at for at in range(8, len(content) - 12) if bytes(content[at + 4 : at + 8]) in (b"IHDR", b"IDAT")]
    )
    (length,) = struct.unpack(">I", content[at : at + 4])
    place = at + 8 + chance.randrange(max(1, min(13, length)))
    edge = struct.pack(">I", chance.choice((0, 1, 5, 255, 30_000, 65_535, 2**31 - 1)))
    size = chance.choice((1, 4))
    content[place : place + size] = edge[-size:]
    end = at + 8 + length
    content[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(content[at + 4 : end])))
    path.write_bytes(bytes(content))
