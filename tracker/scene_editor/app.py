"""The web application of ``keeptrack draw``: the page, its picture, and the scene that it sends back."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import cv2
import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from detectors.base import Floats, Image
from detectors.errors import InputError
from tracker.ground_plane.calibration import Calibration
from tracker.maps.ground_sheet import GroundSheet
from tracker.scene_editor.scene import Checked, SceneFile
from tracker.view.access import AccessControl

ASSETS = {
    "/": ("tracker.scene_editor", "editor.html", "text/html; charset=utf-8"),
    "/editor.css": ("tracker.scene_editor", "editor.css", "text/css; charset=utf-8"),
    "/editor.js": ("tracker.scene_editor", "editor.js", "text/javascript; charset=utf-8"),
    "/page.css": ("tracker.view", "page.css", "text/css; charset=utf-8"),
    "/icon.svg": ("tracker.view", "icon.svg", "image/svg+xml"),
}
LARGEST = 1 << 20  # bytes of a scene
QUALITY = 92


class Editor:
    """Answers the page. name: of the source. picture: ``(H, W, 3)`` BGR, to be drawn on."""

    def __init__(self, scene: SceneFile, name: str, picture: Image) -> None:
        self._scene, self._name, self._picture = scene, name, picture
        self._frame = _jpeg(picture)
        self._content = scene.read()
        self._calibration: Calibration | None = scene.check(self._content).calibration

    def app(self, token: str) -> ASGIApp:
        """The page and all that it requests. token: that every request needs."""
        routes = [Route(path, _asset(*file)) for path, file in ASSETS.items()]
        routes += [
            Route("/frame.jpg", self.frame),
            Route("/above.jpg", self.above),
            Route("/scene.json", self.scene, methods=["GET"]),
            Route("/scene.json", self.take, methods=["POST"]),
        ]
        return AccessControl(Starlette(routes=routes), token, ("GET", "HEAD", "POST"))

    async def frame(self, request: Request) -> Response:
        """``/frame.jpg``: the picture."""
        return Response(self._frame, media_type="image/jpeg")

    async def above(self, request: Request) -> Response:
        """``/above.jpg``: the same from above, as the last scene that was sent has it."""
        calibration = self._calibration
        if calibration is None:
            raise HTTPException(404, "the ground is not known")
        return Response(await run_in_threadpool(self._from_above, calibration), media_type="image/jpeg")

    async def scene(self, request: Request) -> Response:
        """``/scene.json``: what the file says, and what it is about."""
        height, width = self._picture.shape[:2]
        about = {"name": self._name, "file": str(self._scene.path), "width": width, "height": height}
        return JSONResponse({**about, "scene": self._content, **_ground(self._calibration)})

    async def take(self, request: Request) -> Response:
        """Check a scene, and with ``?save=1`` keep it."""
        content = await _json(request)
        checked: Checked = await run_in_threadpool(self._scene.check, content)
        if not checked.error:
            self._calibration = checked.calibration
        error, saved = checked.error, False
        if not error and request.query_params.get("save") == "1":
            try:
                await run_in_threadpool(self._scene.save, content)
                self._content, saved = content, True
            except InputError as refused:
                error = str(refused)
        return JSONResponse({"error": error, "saved": saved, **_ground(checked.calibration)})

    def _from_above(self, calibration: Calibration) -> bytes:
        height, width = self._picture.shape[:2]
        sheet = GroundSheet.of(calibration, (width, height))
        size = sheet.picture.width, sheet.picture.height
        return _jpeg(sheet.ground(np.asarray(cv2.resize(self._picture, size, interpolation=cv2.INTER_AREA), np.uint8)))


async def _json(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Only a page of ours can send this type without being asked first."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise HTTPException(415, "JSON is wanted")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413, "too long")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "no JSON") from None
    if not isinstance(content, dict):
        raise HTTPException(400, "no object")
    return content


def _ground(calibration: Calibration | None) -> dict[str, Any]:
    """What the page shows of the ground: the matrix from pixels to metres, and what should be known."""
    if calibration is None:
        return {"ground": None, "warnings": []}
    matrix: Floats = calibration.homography.matrix
    return {"ground": matrix.ravel().tolist(), "warnings": list(calibration.warnings)}


def _asset(package: str, name: str, media_type: str) -> Any:
    content = (resources.files(package) / name).read_bytes()

    async def answer(request: Request) -> Response:
        return Response(content, media_type=media_type)

    return answer


def _jpeg(picture: Image) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return data.tobytes()
