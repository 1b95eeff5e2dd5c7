"""The sample clips: a stream that goes on without an end, and moving pictures."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import av
import pytest
from PIL import Image

from videos.serve import Camera, packets_without_end

ROOT = Path(__file__).parent.parent
CROSSING = ROOT / "videos" / "crossing.mp4"


def test_packets_go_on_where_the_clip_ends() -> None:
    with av.open(str(CROSSING)) as container:
        count = sum(packet.dts is not None for packet in container.demux(video=0))
    times = [packet.dts or 0 for packet in itertools.islice(packets_without_end(CROSSING), 2 * count + 1)]
    steps = {after - before for before, after in itertools.pairwise(times)}
    assert len(steps) == 1, "evenly, also from the last to the first"


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Camera, "clip", CROSSING)
    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/crossing"
        server.shutdown()


def test_the_served_clip_can_be_watched(camera: str) -> None:
    with av.open(camera) as stream:
        frames = list(itertools.islice(stream.decode(video=0), 8))
    assert [(frame.width, frame.height) for frame in frames] == [(320, 240)] * 8


def test_a_moving_picture_shows_the_part_that_was_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "clip.webp"
    words = [str(CROSSING), str(target), "--start", "1", "--end", "2", "--width", "64"]
    subprocess.run([sys.executable, str(ROOT / "videos" / "moving_picture.py"), *words], check=True)
    with Image.open(target) as picture:
        assert picture.size == (64, 48)
        assert 12 <= picture.n_frames <= 13
