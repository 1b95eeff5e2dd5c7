"""Addresses of streams, without their secrets: for messages and as names of files."""

from __future__ import annotations

import re

HIDDEN = "..."
SECRET = r"(?:pass\w*|pwd|psw|pw|\w*token|(?:api|access|stream|private)?_?key|secret|auth|login|credentials?)"
ASSIGNED = re.compile(r"=.*")
SPOKEN = re.compile(rf"(?i)(^|[^a-z]){SECRET}(?:[_:;.-]|$).*")
NAMED = re.compile(rf"(?i)^{SECRET}$")
STREAM_KEYS = ("rtmp", "rtmps", "srt")
"""Schemes whose path ends in the key that allows to send, by custom."""


def without_secrets(url: str) -> str:
    """The address for messages, which end up in logs: the server, and those parts of the path that hide nothing.

    User, password, query and fragment are left out. Of the path, whatever follows an equals sign or a word such as
    password, token or key is shown as "...", as is another address inside it. Where it is not clear how far a password
    goes, the shorter text is shown.
    """
    scheme, _, rest = url.partition("://")
    server, path = _server_and_path(_without_inner_address(rest))
    parts = [_harmless(part) for part in path.split("/")]
    for at, part in enumerate(path.split("/")[:-1]):
        if NAMED.match(part):
            parts[at + 1] = HIDDEN
    if scheme.lower() in STREAM_KEYS and len(parts) > 2:
        parts[-1] = HIDDEN
    return f"{scheme}://{server}" + "/".join(parts)


def file_name(url: str) -> str:
    """The address as a name for output files."""
    place = without_secrets(url).partition("://")[2].strip("/")
    return re.sub(r"[^\w.=-]+", "-", place).strip("-.") or "stream"


def host_of(url: str) -> str:
    """The host's name or number, as FFmpeg finds it; empty if there is none."""
    place = _server(url.partition("://")[2]).rpartition("@")[2]
    found = re.fullmatch(r"\[(.*)\](:\d*)?|([^:]*)(:\d*)?", place)
    return (found[1] or found[3] or "") if found else ""


def _without_inner_address(rest: str) -> str:
    """What comes before another address, as a proxy is given one."""
    outer, inner, _ = rest.partition("://")
    return re.sub(r"[^/?#]*$", HIDDEN, outer, count=1) if inner else rest


def _server(rest: str) -> str:
    return re.split(r"[/?#]", rest, maxsplit=1)[0]


def _server_and_path(rest: str) -> tuple[str, str]:
    """``host:port`` and the path from its first slash on, without ``user:password@``, query and fragment.

    A password may hold any of the characters that end it elsewhere, and many do. Where digits before the slash may be a
    port or its beginning, the server is not shown.
    """
    rest = re.sub(r"(?i)%40", "@", rest)
    server = _server(rest)
    name, colon, port = server.rpartition(":")
    if "@" in server:
        rest = rest[len(server.rpartition("@")[0]) + 1 :]
    elif "@" in rest and colon and not name.startswith("["):
        rest = (f"{HIDDEN}/" if port.isdecimal() else "") + rest.rpartition("@")[2]
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    server, slash, path = place.partition("/")
    return server.partition(";")[0], slash + path


def _harmless(part: str) -> str:
    """A part of a path, cut off where a secret may begin."""
    part = ASSIGNED.sub(f"={HIDDEN}", part.partition(";")[0])
    return SPOKEN.sub(HIDDEN, part) if SPOKEN.search(part) and not NAMED.match(part) else part
