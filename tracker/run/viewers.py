"""Whoever watches a run while it goes on: browsers, a window, both or nobody."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from detectors.base import Frame, Image
from detectors.errors import InputError
from detectors.extras import install_extra
from tracker.association.tracks import Tracks
from tracker.regions.activity import Activity
from tracker.run.options import Options
from tracker.sources.base import Source

if TYPE_CHECKING:  # each is imported when it is asked for
    from tracker.view.page_state import PageState
    from tracker.view.window import Window

NEEDED = ("starlette", "uvicorn")  # by the page's server


def listen_for_viewers(
    view: str | int, view_token: str | None, opening: ExitStack
) -> tuple[socket.socket, str | None, str]:
    """A socket for the page, closed with the stack, the token that viewers need, and the link. Raises InputError."""
    from tracker.view.address import find_token, listen, page_url, parse_address

    address, token = parse_address(str(view)), find_token(view_token)
    check_view("--view")
    listening = opening.enter_context(listen(address, token))
    return listening, token, page_url(listening, token)


class Viewers:
    """Is told of every frame, and asks for its picture only when somebody will look at it.

    link: what to open in a browser, "" for no page. page: what the page shows, None for no page.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._listening: socket.socket | None = None
        self._token: str | None = None
        self._window: Window | None = None
        self.link = ""
        self.page: PageState | None = None

    def reserve(self, opening: ExitStack) -> None:
        """Make sure that it will work, before anything else is opened. Raises InputError."""
        options = self._options
        if options.show:
            from tracker.view.display_check import check_display

            check_display()
        if options.view is None:
            if options.view_token is not None:
                raise InputError("--view-token", "is for the page of --view", "add --view, or leave it out")
            return
        self._listening, self._token, self.link = listen_for_viewers(options.view, options.view_token, opening)

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
            from tracker.view.page_state import PageState
            from tracker.view.server import Server, one_page

            self.page = PageState(source, names, expected, activity.totals, activity.ground)
            opening.enter_context(Server(self._listening, self.page, self._token, one_page))

    @property
    def watched(self) -> bool:
        """Whether anybody may look."""
        return self._window is not None or self.page is not None

    @property
    def stopped(self) -> bool:
        """Whether somebody has closed the window."""
        return self._window is not None and self._window.closed

    def wants_picture(self) -> bool:
        """Whether the frame's picture should be drawn, if it is not anyway."""
        window, page = self._window, self.page
        return (window is not None and window.wants_picture()) or (page is not None and page.wants_picture())

    def update(self, frame: Frame, tracks: Tracks) -> None:
        """Take in a frame, before it is drawn on."""
        if self.page is not None:
            self.page.update(frame, tracks)

    def show(self, frame: Frame, picture: Image) -> None:
        """Take in its picture; nobody may draw on it any more."""
        if self.page is not None:
            self.page.show(frame, picture)
        if self._window is not None:
            self._window.show(picture)

    def idle(self) -> None:
        """Stay alive while there is no frame: about ten times a second."""
        if self._window is not None:
            self._window.poll_keys()

    def look_ahead(self, frames: int) -> None:
        """Say that a first pass has been through so many frames."""
        if self.page is not None:
            self.page.first_pass_frames = frames
        self.idle()


def check_view(what: str) -> None:
    """Raise InputError, which names `what`, where the libraries of the page's server are missing."""
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise InputError(what, f"{' and '.join(missing)} not installed", install_extra("view"))
