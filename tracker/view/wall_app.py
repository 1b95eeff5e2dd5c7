"""The web application of several sources: a page with a tile for each, and behind each tile the source's own page."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tracker.view.access import AccessControl
from tracker.view.app import Asset
from tracker.view.wall_feed import WallFeed

ASSETS = {
    "/": ("wall.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/wall.css": ("wall.css", "text/css; charset=utf-8"),
    "/wall.js": ("wall.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def make_wall_app(feed: WallFeed, token: str | None) -> ASGIApp:
    """The page with all tiles, and all that it requests. token: that every request needs, None for none."""
    routes: list[Route | Mount] = [Route(path, Asset(*file)) for path, file in ASSETS.items()]
    routes += [Route("/tiles.json", TilesJson(feed)), Mount("/camera/{name}", OwnPage(feed))]
    return AccessControl(Starlette(routes=routes), token)


class TilesJson:
    """``/tiles.json``: what all tiles show except their pictures."""

    def __init__(self, feed: WallFeed) -> None:
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await Response(self._feed.state(), media_type="application/json")(scope, receive, send)


class OwnPage:
    """``/camera/NAME/...``: the page of one source, as a run of that source alone would serve it."""

    def __init__(self, feed: WallFeed) -> None:
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        app = self._feed.app_of(scope["path_params"]["name"]) or PlainTextResponse("not open\n", 404)
        await app(scope, receive, send)
