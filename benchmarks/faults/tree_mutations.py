"""JSON and XML whose values are not what they should be, in files that are well-formed all the same."""

from __future__ import annotations

import copy
import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

from benchmarks.faults import mutations
from benchmarks.faults.mutations import Mutation

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, -1e308, 5e-324, float("nan"), float("inf"), float("-inf")),
    *(2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**18, 10**400, 1_000_000, 10_000_000, 9_999_999_999),
    *(
        "",
        "0",
        "-1",
        "nan",
        "1e999",
        "x",
        "a" * 300,
        "a" * 100_000,
        "\ud800",
        "a\0b",
        "\x1b[2J\n",
        "\u202e",
        "../../../o",
    ),
    *("/outside", "%(x)s", "9" * 5000, "1/0", "1e999999999", "30000/1001", [], {}, [[]], [None], [0] * 4, [1e308] * 4),
    *([float("nan")] * 4, [-5, -5, -5, -5], {"a": 1}, [{}], [[1, 2], [3, 4]], [0] * 200_000),
)
MOST_PLACES, MANY_PLACES = (
    100_000,
    5000,
)  # values of a document among which one is chosen; beyond, none is doubled often
DEEP = 900  # below which the standard library reads it
DEEPER = 50_000
ELEMENT = re.compile(rb"<(\w+)\b[^<>]*?(?:/>|>)")
ATTRIBUTE = re.compile(rb'\b(\w+)="([^"]*)"')
ENTITIES = b"<!DOCTYPE a [" + b"".join(
    b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10 if level else b"x" * 1000) for level in range(9)
)
DOCTYPES = (
    ENTITIES + b"]>",
    b'<!DOCTYPE a [<!ENTITY e8 SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
    b'<!DOCTYPE a [<!ENTITY e8 "' + b"a" * 500_000 + b'">]>',
)


def tree(path: Path, chance: random.Random) -> None:
    """One to three changes to values of a JSON file, now and then to its text."""
    if chance.random() < 0.15:
        mutations.text(path, chance)
        return
    document = json.loads(path.read_bytes())
    for _ in range(chance.choice((1, 1, 2, 3))):
        document = _changed(document, chance)
    written = json.dumps(document, indent=chance.choice((None, 1)))
    if chance.random() < 0.05:
        level = chance.choice((DEEP, DEEPER))
        written = written.replace("null", "[" * level + "]" * level) if "null" in written else "[" * level + written
    path.write_text(written, encoding="utf-8")


def json_lines(path: Path, chance: random.Random) -> None:
    """One line of JSON, changed as a tree; now and then the text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if chance.random() < 0.3:
        mutations.text(path, chance)
        return
    at = chance.randrange(len(lines))
    lines[at] = json.dumps(_changed(json.loads(lines[at]), chance))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def xml(path: Path, chance: random.Random) -> None:
    """One to three changes to attributes and elements of an XML file, now and then to its text, or a document type."""
    if chance.random() < 0.3:
        mutations.text(path, chance)
        return
    content = path.read_bytes()
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = chance.choice((_attribute, _attribute, _attribute, _element, _doctype))(content, chance)
    path.write_bytes(content)


def _changed(document: Any, chance: random.Random) -> Any:
    """A copy with one change at a random place; deep places are as likely as shallow ones."""
    places = list(itertools.islice(_places(document), MOST_PLACES))
    if not places or chance.random() < 0.03:
        return copy.deepcopy(chance.choice(VALUES))
    holder, key = chance.choice(places)
    change = chance.randrange(6)
    if change <= 2:
        holder[key] = copy.deepcopy(chance.choice(VALUES))
    elif change == 3:
        del holder[key]
    elif change == 4 and isinstance(holder, list):
        holder += [holder[key]] * chance.choice((1, 2, 1000 if len(places) < MANY_PLACES else 3))
    elif change == 4:
        holder[str(chance.choice(VALUES))[:1000]] = holder.pop(key)
    else:
        other, its = chance.choice(places)
        holder[key] = copy.deepcopy(other[its])
    return document


def _places(document: Any) -> Any:
    """Each container in a document, with each of its keys."""
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in list(keys):
            yield holder, key
            waiting.append(holder[key])


def _attribute(content: bytes, chance: random.Random) -> bytes:
    found = list(ATTRIBUTE.finditer(content))
    if not found:
        return content
    at = chance.choice(found)
    value = chance.choice(mutations.WORDS)
    new = chance.choice(
        (b'%s="%s"' % (at[1], value), b'%s="%s" %s="1"' % (at[1], at[2], at[1]), b"", b'x="%s"' % value)
    )
    return content[: at.start()] + new + content[at.end() :]


def _element(content: bytes, chance: random.Random) -> bytes:
    found = list(ELEMENT.finditer(content))
    if not found:
        return content
    at = chance.choice(found)
    times = chance.choice((0, 2, 2000))
    return content[: at.start()] + at[0] * times + content[at.end() :]


def _doctype(content: bytes, chance: random.Random) -> bytes:
    """Entities that grow a millionfold, or that name a file or an address."""
    head, end, rest = content.partition(b"?>")
    place = chance.choice(list(re.finditer(rb'(?<==")[^"]*|(?<=>)[^<]+', rest)) or [None])
    if place is not None:
        rest = rest[: place.start()] + b"&e8;" + rest[place.end() :]
    return (head + end + chance.choice(DOCTYPES) + rest) if end else chance.choice(DOCTYPES) + content


def inside(mutation: Mutation, binary_share: float = 0.3) -> Mutation:
    """Now and then the bytes of a file instead."""

    def mutate(path: Path, chance: random.Random) -> None:
        (mutations.binary if chance.random() < binary_share else mutation)(path, chance)

    return mutate
