"""Why a stream does not open, or ends, in words without the address; PyAV's errors become advice."""

from __future__ import annotations

import errno
import socket

import av

from detectors.errors import InputError
from tracker.sources.addresses import host_of, without_secrets

SCHEMES = "rtsp://, http://, https://, rtmp://, tcp:// or udp://"
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


def explain_stream_error(error: Exception, url: str, timeout: float) -> InputError:
    """The message about a stream that does not open, with what to do about it."""
    shown = without_secrets(url)
    if isinstance(error, av.ProtocolNotFoundError):
        return InputError(shown, f"{url.partition('://')[0]}:// is not known here", f"give {SCHEMES}")
    if isinstance(error, (av.HTTPUnauthorizedError, av.HTTPForbiddenError)):
        return InputError(shown, "wrong or missing user or password", "put USER:PASSWORD@ before the host's name")
    if isinstance(error, av.HTTPNotFoundError):
        return InputError(shown, "the server has nothing there (404)", "check the path of the address")
    if isinstance(error, av.InvalidDataError):
        return InputError(shown, "answers, but not with video", "give the address of the stream, not of a page")
    host = host_of(url)
    if isinstance(error, OSError) and error.errno == errno.EIO and not _is_known(host):
        name = host_of(shown) or "nothing"  # which FFmpeg may take %3A and %40 for parts of
        return InputError(shown, f"no computer is known as {name}", "check the address and the network")
    return InputError(shown, reason_of(error, timeout), "check the address, and that the camera is on")


def reason_of(error: Exception, timeout: float) -> str:
    """The reason in words, without the address."""
    if isinstance(error, (av.ExitError, av.TimeoutError, TimeoutError)):
        return f"nothing came for {timeout:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(error, OSError) and error.errno in UNREACHABLE:
        return "cannot be reached"
    if isinstance(error, av.HTTPError):
        return str(error.strerror)
    if isinstance(error, OSError) and error.errno == errno.EIO:
        return "the connection broke"
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _is_known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return True
