"""A source's part of the page that shows all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tracker.regions.activity import Activity
from tracker.run.options import Options
from tracker.run.viewers import Viewers
from tracker.sources.base import Source
from tracker.view.page_state import PageState
from tracker.view.wall import Wall


class TileViewers(Viewers):
    """The viewers of one source of several: those of its tile on the wall, and of its own page behind that."""

    def __init__(self, options: Options, wall: Wall, name: str) -> None:
        super().__init__(options)
        self._wall, self._name = wall, name

    def reserve(self, opening: ExitStack) -> None:
        """The wall is served already."""

    def open(
        self,
        opening: ExitStack,
        source: Source,
        names: Mapping[int, str],
        expected: int | None,
        activity: Activity,
    ) -> None:
        """Put the source on the wall."""
        self.page = opening.enter_context(
            self._on_the_wall(PageState(source, names, expected, activity.totals, activity.ground))
        )

    @contextmanager
    def _on_the_wall(self, page: PageState) -> Iterator[PageState]:
        self._wall.show(self._name, page)
        how = "stopped"
        try:
            yield page
            how = "over"
        finally:
            page.end(how)
