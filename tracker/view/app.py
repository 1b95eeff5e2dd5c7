"""The web application: the requests that the page makes, and their answers."""

from __future__ import annotations

import asyncio
import re
from importlib import resources
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tracker.view.access import AccessControl
from tracker.view.feed import PICTURE_TIMEOUT, WIDTHS, Feed
from tracker.view.page_state import PageState
from tracker.view.picture_buffer import Picture

ASSETS = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
BOUNDARY = "keeptrack-picture"
SEND_TIMEOUT = 15.0  # seconds that the viewer of a stream may leave a picture unread
LARGEST = 1 << 53  # number in a request: JavaScript counts no farther


def make_app(feed: Feed, token: str | None) -> ASGIApp:
    """The page and all that it requests. token: that every request needs, None for none."""
    return AccessControl(Starlette(routes=page_routes(feed)), token)


def page_routes(feed: Feed) -> list[Route]:
    """The page and all that it requests, without a lock."""
    return [
        *(Route(path, Asset(*file)) for path, file in ASSETS.items()),
        Route("/state.json", StateJson(feed)),
        Route("/frame.jpg", LatestPicture(feed)),
        Route("/snapshot.jpg", Snapshot(feed)),
        Route("/crop/{track_id}.jpg", CropImage(feed)),
        Route("/stream.mjpg", Stream(feed)),
    ]


class Asset:
    """Answers with a file of this package, which is read only once."""

    def __init__(self, name: str, media_type: str) -> None:
        content = (resources.files("tracker.view") / name).read_bytes()
        self._response = Response(content, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._response(scope, receive, send)


class Answer:
    """Base of the answers that come from the feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one."""
        await (await self.answer(Request(scope)))(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The answer to a request."""
        raise AssertionError("a subclass answers")


class StateJson(Answer):
    """``/state.json?after=VERSION``: the numbers, as soon as they are newer."""

    async def answer(self, request: Request) -> Response:
        """JSON of `PageState.as_json`."""
        return Response(await self.feed.state(number_of(request, "after")), media_type="application/json")


class LatestPicture(Answer):
    """``/frame.jpg?after=NUMBER&width=PIXELS&wait=MS``: the newest picture once there is one; 204 if none comes."""

    async def answer(self, request: Request) -> Response:
        """A JPEG; its X-Number is the `after` of the next request."""
        wait = number_of(request, "wait") / 1000
        picture = await self.feed.newer(number_of(request, "after"), min(wait or PICTURE_TIMEOUT, PICTURE_TIMEOUT))
        if picture is None:
            return Response(status_code=204)
        data = await self.feed.jpeg(picture, width_of(request))
        return Response(data, media_type="image/jpeg", headers=picture_headers(picture))


class Snapshot(Answer):
    """``/snapshot.jpg``: the picture of this moment in full size, under a name that tells what it shows."""

    async def answer(self, request: Request) -> Response:
        """A JPEG to save."""
        found = await self.feed.snapshot()
        if found is None:
            raise HTTPException(503, "no picture yet")
        name = quote(snapshot_name(self.feed.page, found[0]))
        headers = picture_headers(found[0]) | {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(found[1], media_type="image/jpeg", headers=headers)


class CropImage(Answer):
    """``/crop/ID.jpg``: the best view of an object so far."""

    async def answer(self, request: Request) -> Response:
        """A JPEG, which does not change while ``?v=`` stays the same."""
        word = request.path_params["track_id"]
        data = await self.feed.crop(int(word)) if re.fullmatch("[0-9]{1,15}", word) else None
        if data is None:
            raise HTTPException(404, "no such object")
        kept = "private, max-age=600" if "v" in request.query_params else "no-store"
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": kept})


class Stream(Answer):
    """``/stream.mjpg?width=PIXELS``: pictures one after the other, as network cameras send them.

    The next one is chosen when the last one has been sent, so that a slow viewer skips some and nothing piles up.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send pictures until the run is over or the viewer is gone."""
        width = width_of(Request(scope))
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        if scope["method"] == "GET":
            sending = asyncio.ensure_future(self._send_pictures(width, send))
            gone = asyncio.ensure_future(disconnected(receive))
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            sending.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_pictures(self, width: int, send: Send) -> None:
        picture: Picture | None = None
        while not self.feed.page.ended:
            picture = await self.feed.newer(picture.number if picture else 0) or picture
            if picture is not None:  # repeat the old one while there is no other, so that the connection stays alive
                data = await self.feed.jpeg(picture, width)
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                part = {"type": "http.response.body", "body": head.encode() + data + b"\r\n", "more_body": True}
                await asyncio.wait_for(send(part), SEND_TIMEOUT)


async def disconnected(receive: Receive) -> None:
    """Wait until the viewer has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def picture_headers(picture: Picture) -> dict[str, str]:
    """Headers that identify a picture."""
    return {"X-Number": str(picture.number), "X-Frame": str(picture.frame), "X-Time": f"{picture.time:.3f}"}


def number_of(request: Request, name: str) -> int:
    """A number in the query, 0 for none."""
    word = request.query_params.get(name, "0")
    if not re.fullmatch("[0-9]{1,16}", word):
        raise HTTPException(400, f"{name} is no number")
    return min(int(word), LARGEST)


def width_of(request: Request) -> int:
    """The smallest of `WIDTHS` that is as wide as asked for, so that many viewers share a few sizes."""
    asked = number_of(request, "width") or WIDTHS[-1]
    return min((width for width in WIDTHS if width >= asked), default=WIDTHS[-1])


def snapshot_name(page: PageState, picture: Picture) -> str:
    """A file name made of the source, the time (of day, for a live source) and the frame."""
    from datetime import datetime

    plain = re.sub(r"[^\w.-]+", "-", page.source.name).strip("-.")[:60] or "keeptrack"
    origin = page.statistics.origin
    if origin is not None:
        moment = f"{datetime.fromtimestamp(origin + picture.time):%Y-%m-%d_%H-%M-%S}"
    else:
        minutes, seconds = divmod(int(picture.time), 60)
        moment = f"{minutes // 60:02d}h{minutes % 60:02d}m{seconds:02d}s"
    return f"{plain}_{moment}_frame-{picture.frame}.jpg"
