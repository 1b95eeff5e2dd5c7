"""Access control of the page, and the security headers that browsers get with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.view.address import is_loopback, secrets_match

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
LOCKED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>keeptrack: locked</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<h1>This page needs its token</h1><p>It is the word after <code>--view-token</code> where the run was started.</p>
<form action="/"><label>Token <input name="token" type="password" autocomplete="off" autofocus></label>
<button>Open</button></form></html>"""


class AccessControl:
    """Lets authorised requests through to `app`.

    With a token, every request needs it: as ``?token=``, for which a browser gets a cookie, or as ``Authorization:
    Bearer``. Without one, the request must name this computer as its host: a site whose name is made to point here
    (DNS rebinding) is refused. Only `methods` are allowed.
    """

    def __init__(self, app: ASGIApp, token: str | None, methods: tuple[str, ...] = ("GET", "HEAD")) -> None:
        self._app, self._token, self._methods = app, token, methods
        self._cookie_value = None if token is None else hashlib.sha256(b"keeptrack view " + token.encode()).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on to the app."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        given = self._check_token(scope, headers)
        refusal = self._refusal(scope, headers, given)
        cookie = self._cookie(scope) if refusal is None and given.by_query else None

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    own.setdefault(name, value)
                if cookie:
                    own.append("Set-Cookie", cookie)
            await send(message)

        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers, given: TokenCheck) -> Response | None:
        if scope["method"] not in self._methods:
            return PlainTextResponse("only GET is there\n", 405, {"Allow": ", ".join(self._methods)})
        if self._token is None:
            if is_local_host(headers.get("host", "")):
                return None
            return PlainTextResponse("this page is for this computer, under its own name\n", 421)
        if given.by_query or given.otherwise:
            return None
        challenge = {"WWW-Authenticate": "Bearer"}
        return (
            HTMLResponse(LOCKED, 401) if scope["path"].endswith("/") else PlainTextResponse("token?\n", 401, challenge)
        )

    def _check_token(self, scope: Scope, headers: Headers) -> TokenCheck:
        """In which ways the request gives the right token."""
        if self._token is None or self._cookie_value is None:
            return TokenCheck(False, False)
        query = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        kind, _, word = headers.get("authorization", "").partition(" ")
        bearer = [word.strip()] if kind.lower() == "bearer" else []
        values = cookies(headers.getlist("cookie"), cookie_name(scope))
        cookie = any(secrets_match(value, self._cookie_value) for value in values)
        header = any(secrets_match(word, self._token) for word in bearer)
        return TokenCheck(any(secrets_match(word, self._token) for word in query), header or cookie)

    def _cookie(self, scope: Scope) -> str:
        return f"{cookie_name(scope)}={self._cookie_value}; Path=/; HttpOnly; SameSite=Strict"


class TokenCheck(NamedTuple):
    """by_query, otherwise: whether the right token came in the address, or as a cookie or header."""

    by_query: bool
    otherwise: bool


def cookie_name(scope: Scope) -> str:
    """The cookie of this port: browsers send a host's cookies to all of its ports, where other runs may be."""
    return f"keeptrack_{(scope.get('server') or ('', 0))[1]}"


def cookies(lines: Iterable[str], name: str) -> list[str]:
    """The values of the cookies of a name."""
    found = []
    for line in lines:
        try:
            jar = SimpleCookie(line)
        except CookieError:
            continue
        if name in jar:
            found.append(jar[name].value)
    return found


def is_local_host(host: str) -> bool:
    """Whether a Host header names this computer as seen by itself, with or without a port."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
