"""Whoever watches a run while it goes on: browsers, a window, both or nobody."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from detectors.base import Frame, Image
from detectors.errors import InputError
from tracker.association.tracks import Tracks
from tracker.regions.activity import Activity
from tracker.run.options import Options
from tracker.sources.base import Source

if TYPE_CHECKING:  # each is imported when it is asked for
    from tracker.view.state import Board
    from tracker.view.window import Window

NEEDED = ("starlette", "uvicorn")  # by the page's server


class Viewers:
    """Is told of every frame, and asks for its picture only when somebody will look at it.

    link: what to open in a browser, "" for no page. board: what the page shows, None for no page.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._listening: socket.socket | None = None
        self._token: str | None = None
        self._window: Window | None = None
        self.link = ""
        self.board: Board | None = None

    def reserve(self, opening: ExitStack) -> None:
        """Make sure that it will work, before anything else is opened. Raises InputError."""
        options = self._options
        if options.show:
            from tracker.view.window import check_display

            check_display()
        if options.view is None:
            if options.view_token is not None:
                raise InputError("--view-token", "is for the page of --view", "add --view, or leave it out")
            return
        from tracker.view.address import find_token, link, parse_address, take

        address, self._token = parse_address(str(options.view)), find_token(options.view_token)
        if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
            raise InputError("--view", f"{' and '.join(missing)} not installed", "pip install 'keeptrack[view]'")
        self._listening = opening.enter_context(take(address, self._token))
        self.link = link(self._listening, self._token)

    def open(
        self,
        opening: ExitStack,
        source: Source,
        names: Mapping[int, str],
        expected: int | None,
        activity: Activity,
    ) -> None:
        """Begin to show. names: of classes by id. expected: frames, None if not known. activity: counts.

        Raises InputError.
        """
        if self._options.show:
            if not source.has_images:
                raise InputError(source.path, "has no images to show", "leave --show out")
            from tracker.view.window import Window

            self._window = opening.enter_context(Window(source))
        if self._listening is not None:
            from tracker.view.server import Server
            from tracker.view.state import Board

            self.board = Board(source, names, expected)
            self.board.regions = activity.totals
            opening.enter_context(Server(self._listening, self.board, self._token))

    @property
    def watched(self) -> bool:
        """Whether anybody may look."""
        return self._window is not None or self.board is not None

    @property
    def stopped(self) -> bool:
        """Whether somebody has closed the window."""
        return self._window is not None and self._window.closed

    def wants_picture(self) -> bool:
        """Whether the frame's picture should be drawn, if it is not anyway."""
        window, board = self._window, self.board
        return (window is not None and window.wants_picture()) or (board is not None and board.wants_picture())

    def look(self, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame, before it is drawn on."""
        if self.board is not None:
            self.board.look(frame, tracks)

    def show(self, frame: Frame, picture: Image) -> None:
        """Take in its picture; nobody may draw on it any more."""
        if self.board is not None:
            self.board.show(frame, picture)
        if self._window is not None:
            self._window.show(picture)

    def idle(self) -> None:
        """Stay alive while there is no frame: about ten times a second."""
        if self._window is not None:
            self._window.attend()

    def look_ahead(self, frames: int) -> None:
        """Say that a first pass has been through so many frames."""
        if self.board is not None:
            self.board.ahead = frames
        self.idle()
