"""Secrets in addresses, as cameras and services have them, and every place that prints, stores or names files."""

from __future__ import annotations

import http.server
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import cv2

from benchmarks.faults.sandbox import OUTPUTS, Sandbox
from benchmarks.faults.supervisor import Supervisor
from benchmarks.speed.measurement import Measurement, ResultTable
from tests.scenes import CROSSING, render
from tracker.sources.addresses import file_name, without_secrets

SECRET = "hunter2Xq"  # what must be seen nowhere
FORMS = (
    # the user's name and password, with every character that ends them elsewhere
    *("rtsp://me:$@H/live", "rtsp://me:$@H/live2", "rtsp://me:a@$@H/s", "rtsp://me:$#x@H/s", "rtsp://me:x#$@H/s"),
    *("rtsp://me:$?x@H/s", "rtsp://me:x?$@H/s", "rtsp://me:a/$@H/s", "rtsp://me:12/$@H/s", "rtsp://me:5/$@H/s"),
    *(
        "rtsp://me%3A$%40H/s",
        "rtsp://me:%68unter2Xq@H/s",
        "rtsp://$@H/s",
        "rtsp://me:$@[::1]:9/s",
        "http://me:$@[::1]:9/s?a=1",
    ),
    # queries and fragments
    *("http://H/a?token=$", "http://H/a?x=1&pwd=$", "http://H/a#$", "http://H/a#token=$", "srt://H?passphrase=$"),
    *("http://H/videostream.cgi?loginuse=admin&loginpas=$", "http://H/axis-cgi/mjpg/video.cgi?user=a&pwd=$"),
    *("http://H/live.m3u8?wowzatokenhash=$", "http://H/hls/a.m3u8?md5=$&expires=9", "http://H/a?$", "http://H/a;$"),
    # words in the path, as cameras have them
    *("rtsp://H/user=admin_password=$_channel=1_stream=0.sdp", "rtsp://H/user=admin&password=$&channel=1"),
    *("rtsp://H/cam/realmonitor?channel=1&password=$", "rtsp://H/PASSWD=$", "rtsp://H/my_pwd=$", "rtsp://H/psw=$"),
    *("rtsp://H/pw=$", "rtsp://H/p=$", "rtsp://H/u=admin/p=$", "rtsp://H/auth/$/s", "rtsp://H/login/$@x"),
    *("rtsp://H/s;password=$", "rtsp://H/passphrase:$", "rtsp://H/access_token=$", "rtsp://H/accessToken=$"),
    *(
        "rtsp://H/apikey=$",
        "rtsp://H/api_key=$",
        "rtsp://H/token/$/1.sdp",
        "rtsp://H/key_$",
        "http://H/secret/$/a.m3u8",
    ),
    *(
        "rtsp://H/Streaming/Channels/101?auth=$",
        "rtsp://H/onvif1?sid=$",
        "rtsp://H/%70assword=$",
        "rtsp://H/password%3D$",
    ),
    *("http://H/$/mjpeg?session=1", "http://H/key/$"),
    # bare keys and tokens in the path
    *(
        "http://H/live/$.m3u8",
        "http://H/hls/$/index.m3u8",
        "rtmp://H/live/$",
        "rtmp://H/live2/$?backup=1",
        "rtmps://H/rtmp/$",
    ),
    *("rtmp://H/app/streamkey?x=$", "rtmp://H/$", "srt://H/$", "http://H/a/streams/$/video.mjpg", "rtsp://H/$"),
    # addresses inside of addresses
    *("http://proxy/http://me:$@H/s", "http://H/proxy?u=rtsp://me:$@H2/", "http://H/fwd/rtsp://me:$@h2/s"),
    *("http://H/fwd/rtsp%3A%2F%2Fme%3A$%40h2", "http://H/x#rtsp://me:$@h2/s"),
)
UNUSUAL = ("rtsp:/me:$@H/s", "me:$@H", "rtsp:me:$@H/s", "RTSP://me:$@H/s", " rtsp://me:$@H/s", "rtsp//me:$@H/s")
"""Mistyped ones: what looks like a file's name is shown as one, so only a password before an @ is asked for."""
NOWHERE = "127.0.0.1:9"
FRAMES = 40
QUIET = "--detector motion --appearance none --camera-motion none"
OUTPUT_OPTIONS = "--jsonl out/j.jsonl --mot out/m.txt --events out/e.jsonl --stats out/s.json --max-frames 6"
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")


def of(form: str, host: str = NOWHERE) -> str:
    """The address of a form: $ is the secret, H the host."""
    return re.sub(r"\bH(?=[:/])|\bH$", host, form).replace("$", SECRET)


def leaks(text: str) -> bool:
    """Whether the secret can be read in it."""
    return SECRET.lower() in ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).lower()


def measure(folder: Path) -> Measurement:
    """Each form in each place."""
    found = Counter[str]()
    told: list[str] = []
    for place, form, leak in _everywhere(folder):
        found[place] += leak
        if leak:
            told.append(f"{place}: {form}")
    for each in told:
        print(f"leak: {each}", flush=True)
    rows = [[place, str(count), str(found[place])] for place, count in sorted(COUNTS.items())]
    headings = ["", "forms", "leaks"]
    title = f"Secrets in addresses: {len(FORMS)} forms"
    return Measurement([ResultTable(title, headings, rows)], {"leaks": told}, failed=bool(told))


COUNTS = Counter[str]()


def _everywhere(folder: Path) -> Iterator[tuple[str, str, bool]]:
    COUNTS.clear()
    sandbox, said = Sandbox(folder / "sandbox"), folder / "said"
    said.mkdir()
    sandbox.keep()
    supervisor = Supervisor(said)
    try:
        with _camera() as port:
            for place, form, leak in _places(lambda command: _leaks(sandbox, said, supervisor, command), port):
                COUNTS[place] += 1
                yield place, form, leak
    finally:
        supervisor.stop()


def _places(in_run: Callable[[str], bool], port: int) -> Iterator[tuple[str, str, bool]]:
    """Each place and form. in_run: whether a command line leaks."""
    for form in (*FORMS, *UNUSUAL[:1], *UNUSUAL[3:4]):
        if "://" in form:
            yield "messages", form, leaks(without_secrets(of(form)))
            yield "names of files", form, leaks(file_name(of(form)))
    for form in (*FORMS, *UNUSUAL):
        yield "a run that finds nobody", form, in_run(f"{_word(of(form))} --no-reconnect -o none")
        command = f"annotate {_word(of(form))} -o out/batch --format mot"
        yield "a batch that finds nobody", form, in_run(command)
    for form in (each for each in FORMS if each.startswith("http://") and "proxy/" not in each and "[" not in each):
        address = _word(of(re.sub(r"H:\d+", "H", form), f"127.0.0.1:{port}"))
        command = f"{address} -o out/v.mp4 --segment 1s {OUTPUT_OPTIONS} {QUIET}"
        yield "a run that records", form, in_run(command)
        yield "its default name", form, in_run(f"{address} --max-frames 3 {QUIET}")
        command = f"annotate {address} -o out/batch --format mot,coco,cvat --crops --video --max-frames 6 {QUIET}"
        yield "a batch that records", form, in_run(command)


def _word(address: str) -> str:
    return address.replace(" ", "\0")


def _leaks(sandbox: Sandbox, folder: Path, supervisor: Supervisor, command: str) -> bool:
    """Whether the secret is in what a command prints, or in a file that it writes, or in its name."""
    sandbox.restore()
    arguments = [each.replace("\0", " ") for each in command.split()]
    supervisor.run("keeptrack", arguments, sandbox.case, [OUTPUTS, ""])
    said = "".join((folder / name).read_text("utf-8", "replace") for name in ("stdout", "stderr"))
    written = list(sandbox.case.rglob("*"))
    names = " ".join(str(path.relative_to(sandbox.case)) for path in written)
    contents = (path.read_bytes() for path in written if path.is_file())
    lower = SECRET.lower().encode()
    return (
        leaks(said) or leaks(names) or any(lower in each.lower() or quote(SECRET).encode() in each for each in contents)
    )


@contextmanager
def _camera() -> Iterator[int]:
    """A camera on this computer that sends pictures whatever path it is asked for; its port."""
    pictures = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in render(CROSSING, FRAMES)]

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the standard library's name
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for picture in pictures:
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # whoever has seen enough goes away
                return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
