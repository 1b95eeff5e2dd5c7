"""Where the page is served: the address is parsed, checked and listened at before anything else is opened."""

from __future__ import annotations

import errno
import hmac
import ipaddress
import os
import socket
import sys
from typing import NamedTuple

from detectors.errors import InputError

LOOPBACK, PORT = "127.0.0.1", 8000
TOKEN_VARIABLE = "KEEPTRACK_VIEW_TOKEN"
FORM = "give HOST:PORT, a port alone, or [::1]:8000"
BACKLOG = 128  # connections that wait to be accepted
SEND_BUFFER = 256 << 10  # bytes that wait in the system for a slow viewer; more would only be old pictures
SEND_TIMEOUT = 20  # seconds after which the system cuts off a viewer that takes nothing


class Address(NamedTuple):
    """host: a name or a number. port: 0 stands for any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """What HOST:PORT means; the port or the host may be left out. Raises InputError for anything else."""
    if text.isdecimal():
        return Address(LOOPBACK, _port(text, text))
    if is_loopback(text) or _is_number(text.strip("[]")):  # an address without a port
        return Address(text.strip("[]"), PORT)
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    if not colon:
        raise InputError(
            f"--view {text}", "is no address of the form HOST:PORT", f"{FORM}; a source goes before --view"
        )
    if bracketed != (":" in name) or any(letter in name for letter in "/@?#%[] \t"):
        raise InputError(f"--view {text}", "is no address of the form HOST:PORT", FORM)
    return Address(name or LOOPBACK, _port(text, port))


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdecimal() and len(port) < 6 and int(port) < 1 << 16):
        raise InputError(f"--view {text}", f"the port {port or 'after the colon'} is no number up to 65535", FORM)
    return int(port)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host, as it is written, can only be this computer as seen by itself."""
    host = host.strip("[]")
    return host.lower() == "localhost" or (_is_number(host) and ipaddress.ip_address(host).is_loopback)


def find_token(token: str | None) -> str | None:
    """The token that viewers need: the one given, else that of the environment; None for none. Raises InputError."""
    name, token = ("--view-token", token) if token is not None else (TOKEN_VARIABLE, os.environ.get(TOKEN_VARIABLE))
    if token is not None and not (token.isascii() and token.isprintable() and token.strip(" ") == token != ""):
        raise InputError(name, "is empty, or has other characters than plain ones", "give a long word of plain letters")
    return token


def secrets_match(given: str, wanted: str) -> bool:
    """Whether two secrets are the same, compared in constant time."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def listen(address: Address, token: str | None) -> socket.socket:
    """A socket that listens at `address`. Raises InputError where that is not possible, or not safe without a token."""
    shown = f"--view {address}"
    try:
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        remedy = "give an address of this computer, such as 127.0.0.1:8000"
        raise InputError(shown, f"the host {address.host} is not known", remedy) from None
    family, _, _, _, place = min(found, key=lambda item: item[0] != socket.AF_INET)
    if token is None and not is_loopback(str(place[0])):
        why = "others could reach it, and no token keeps them out"
        raise InputError(shown, why, f"give --view-token TOKEN, or set {TOKEN_VARIABLE}, or view at {LOOPBACK}")
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio then sends without delay
    try:
        _prepare(listening)
        listening.bind(place)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _refusal(shown, error) from None
    return listening


def _prepare(listening: socket.socket) -> None:
    """Set the options that connections inherit."""
    if sys.platform != "win32":  # there it would let two programs share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if sys.platform == "linux":
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SEND_TIMEOUT * 1000)


def _refusal(shown: str, error: OSError) -> InputError:
    reasons = {
        errno.EADDRINUSE: ("the port is in use", "choose another; 0 takes any that is free"),
        errno.EACCES: ("the system does not allow this port", "choose one from 1024 on"),
        errno.EADDRNOTAVAIL: ("is no address of this computer", f"give one that is, or {LOOPBACK}"),
    }
    why, remedy = reasons.get(error.errno or 0, (f"cannot be served: {error.strerror}", "choose another address"))
    return InputError(shown, why, remedy)


def page_url(listening: socket.socket, token: str | None) -> str:
    """The address to open in a browser, on another computer where that is possible."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = _own_number(listening.family)
    return f"http://{Address(host, port)}/" + (f"?token={_quoted(token)}" if token else "")


def _quoted(token: str) -> str:
    from urllib.parse import quote

    return quote(token, safe="")


def _own_number(family: int) -> str:
    """The address under which other computers are likely to know this one. Nothing is sent to find out."""
    version6 = family == socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(("2001:db8::1" if version6 else "192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "::1" if version6 else LOOPBACK
