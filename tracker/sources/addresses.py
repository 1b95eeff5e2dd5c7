"""Addresses of streams, without their secrets: for messages and as names of files."""

from __future__ import annotations

import re

SECRET = re.compile(r"(?i)\b(pass\w*|pwd|token|key|secret|auth)=[^&/?#]*")


def without_secrets(url: str) -> str:
    """The address for messages, which end up in logs: without user, password and query."""
    scheme, _, rest = url.partition("://")
    place = _without_user(rest).split("?")[0]
    return f"{scheme}://" + SECRET.sub(r"\1=...", place)


def file_name(url: str) -> str:
    """The address as a name for output files."""
    place = without_secrets(url).partition("://")[2].strip("/")
    return re.sub(r"[^\w.=-]+", "-", place).strip("-.") or "stream"


def host_of(url: str) -> str:
    """The host's name or number, empty if there is none."""
    place = _without_user(url.partition("://")[2]).split("/")[0].split("?")[0]
    found = re.fullmatch(r"\[(.*)\](:\d*)?|([^:]*)(:\d*)?", place)
    return (found[1] or found[3] or "") if found else ""


def _without_user(rest: str) -> str:
    """The part after ``user:password@``, also where the password wrongly has a slash in it."""
    server, slash, path = rest.partition("/")
    if "@" in server:
        return server.rpartition("@")[2] + slash + path
    port = server.rpartition(":")[2] if ":" in server else ""
    if "@" in path and not (port == "" or port.isdecimal() or server.endswith("]")):
        return rest.rpartition("@")[2]
    return rest
