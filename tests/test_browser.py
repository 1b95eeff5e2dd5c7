"""The annotated video in a real browser."""

from __future__ import annotations

import functools
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tracker.commands.cli import main

PAGE = """<video id="video" muted src="crossing.tracked.mp4"></video><pre id="said">nothing yet</pre><script>
video.onloadeddata = () => { said.textContent = `shows ${video.videoWidth}x${video.videoHeight}, ${video.duration} s` };
video.onerror = () => { said.textContent = `fails: ${video.error.message}` };
</script>"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Keep the test's output clean."""


def test_chromium_plays_the_annotated_video(crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this system")
    monkeypatch.chdir(tmp_path)
    assert main([str(crossing), "--quiet"]) == 0
    Path("index.html").write_text(PAGE)
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
            options += " --disable-background-networking --disable-component-update --virtual-time-budget=5000"
            address = f"http://127.0.0.1:{server.server_port}/index.html"
            profile = f"--user-data-dir={tmp_path / 'profile'}"
            shown = subprocess.run(
                [browser, *options.split(), profile, "--dump-dom", address],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            ).stdout
        finally:
            server.shutdown()
            thread.join()
    assert "shows 320x240, 8.8" in shown
