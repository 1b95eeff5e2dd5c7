"""Addresses of streams, without their secrets: for messages and as names of files."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

HIDDEN = "..."
SECRET = r"(?:pass\w*|pwd|psw|pw|\w*token|(?:api|access|stream|private)?_?key|secret|auth|login|credentials?)"
ASSIGNED = re.compile(r"=.*")
SPOKEN = re.compile(rf"(?i)(^|[^a-z]){SECRET}(?:[_:;.-]|$).*")
NAMED = re.compile(rf"(?i)^{SECRET}$")
STREAM_KEYS = ("rtmp", "rtmps", "srt")
"""Schemes whose path ends in the key that allows to send, by custom."""
WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a api app audio av avc avi axis b back bin c cam camera cameras cams cdn cgi ch chan channel channels clip
    clips cmaf content dash data day default door download downloads entrance ext f faststream feed fhd file
    files first front garage garden gate go h hall hd hevc high hls i image images img in index input ipcam jpeg
    jpg left live livestream lobby loop low m main manifest master media mjpeg mjpg mkv monitor mov mp mpeg
    mpegts night nph office onvif out output p parking play playlist preview primary profile proxy public
    quality radio realmonitor right roof rtsp s sd sdp second secondary show snapshot src static storage stream
    streaming streams street sub test track tracks ts tv u udp uhd unicast user v vid video videos view vod w
    web webcam webm x yard
    """,
    )
)
"""Words of which the paths of cameras and servers are made: all others may be a key."""
RECORDED = re.compile(r" #[0-9a-f]{6}$")
LONGEST_NUMBER = 4  # digits of a channel


def without_secrets(url: str) -> str:
    """The address for messages, which end up in logs: the server, and those parts of the path that hide nothing.

    User, password, query and fragment are left out. Of the path, whatever follows an equals sign or a word such as
    password, token or key is shown as "...", as is another address inside it, and each part that is not made of `WORDS`
    and short numbers. Where it is not clear how far a password goes, the shorter text is shown.
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
    """The address as a name for output files, with a short hash where something is left out, so that two differ."""
    place = without_secrets(url).partition("://")[2]
    name = re.sub(r"[^\w.=-]+", "-", place.strip("/")).strip("-.") or "stream"
    return name if url.endswith(place) else f"{name}-{short_hash(url)}"


def video_name(url: str) -> str:
    """The same for a video file on another computer, without its ending."""
    path = re.split("[?#]", url.partition("://")[2].partition("/")[2])[0]
    name, ending = file_name(url), PurePosixPath(path).suffix
    before, found, after = name.rpartition(ending) if ending else (name, "", "")
    return before.rstrip("-.") + after if found else name


def recorded(url: str) -> str:
    """The address for files that are kept and handed on: as in messages, with a short hash that tells two apart."""
    place = without_secrets(url)
    return place if place == url else f"{place} #{short_hash(url)}"


def is_recorded(text: str) -> bool:
    """Whether an address is as `recorded` makes it."""
    place = RECORDED.sub("", text)
    return without_secrets(place) == place


def short_hash(text: str) -> str:
    """Six hexadecimal digits: enough to tell addresses apart, too few to find a password with."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def mistyped(text: str) -> str:
    """What is neither a file nor an address, for messages: without what may have been meant as a password."""
    return re.sub(r"^.*:.*@", f"{HIDDEN}@", text, flags=re.DOTALL)


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
        before, _, after = rest.rpartition("@")
        rest = after if len(before) < len(server) else f"{HIDDEN}/{after}"
    elif "@" in rest and colon and not name.startswith("["):
        rest = (f"{HIDDEN}/" if port.isdecimal() else "") + rest.rpartition("@")[2]
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    server, slash, path = place.partition("/")
    return server.partition(";")[0], slash + path


def _harmless(part: str) -> str:
    """A part of a path, cut off where a secret may begin."""
    part = ASSIGNED.sub(f"={HIDDEN}", part.partition(";")[0])
    if NAMED.match(part):
        return part
    shown = SPOKEN.sub(HIDDEN, part)
    name, equals, _ = shown.partition("=")
    if shown != part or equals or _is_plain(shown):
        return shown if _is_plain(name.removesuffix(HIDDEN)) or equals else HIDDEN
    stem, dot, ending = shown.rpartition(".")
    return f"{HIDDEN}.{ending}" if dot and stem and _is_plain(ending) else HIDDEN


def _is_plain(part: str) -> bool:
    """Whether a part of a path is made of nothing but known words and short numbers."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^A-Za-z\d._@-]", part)
    return all(len(word) <= LONGEST_NUMBER if word.isdecimal() else word.lower() in WORDS for word in words)
