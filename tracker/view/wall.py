"""What the page of several sources shows: a tile for each, whether it runs or not.

Written by the sources' threads, read by the server's: as in `tracker.view.page_state`, nothing is locked, and each
assignment puts something finished in place.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from tracker.view.page_state import PageState

SHOWN = ("state", "quiet", "fps", "latency", "speed", "counts", "regions")  # of a source's own page


class Wall:
    """The tiles by the names of their sources, in order. ended: how, once all is over."""

    def __init__(self, names: Sequence[str]) -> None:
        self.ended = ""
        self._names = list(names)
        self._pages: dict[str, PageState] = {}
        self._troubles: dict[str, str] = {}
        self._run_id = secrets.token_hex(8)

    def show(self, name: str, page: PageState) -> None:
        """A source is open; this is its page, in the place of an earlier one."""
        self._troubles.pop(name, None)
        self._pages[name] = page

    def tell_trouble(self, name: str, why: str) -> None:
        """A source has failed. why: for people, without secrets; until it is shown again."""
        self._troubles[name] = why

    def page(self, name: str) -> PageState | None:
        """The page of a source, None before it was first opened."""
        return self._pages.get(name)

    def end(self, how: str) -> None:
        """All is over: "over" or "stopped"."""
        self.ended = how

    def as_json(self) -> dict[str, Any]:
        """All that the page shows except pictures, for JSON. From any thread."""
        return {
            "run": self._run_id,
            "state": self.ended or "running",
            "tiles": [self._tile(name) for name in self._names],
        }

    def _tile(self, name: str) -> dict[str, Any]:
        page, trouble = self._pages.get(name), self._troubles.get(name)
        if page is None:
            return {"name": name, "state": "failed" if trouble else "opening", "trouble": trouble}
        told = page.as_json()
        found = {key: told.get(key) for key in SHOWN} | {
            key: told["source"][key] for key in ("live", "width", "height")
        }
        return {"name": name, "images": page.source.has_images, "trouble": trouble, **found} | (
            {"state": "failed"} if trouble else {}
        )
