"""Damaged requests at the page's port: each is answered or closed, and the run goes on."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from pathlib import Path

from benchmarks.faults.mutations import BINARY, TEXT
from benchmarks.faults.port import STATUS, connected
from benchmarks.live.background_run import read_lines, running, wait_for
from benchmarks.live.page_clients import connect
from benchmarks.live.stream_kinds import TsHttpServer
from benchmarks.live.viewers import free_port
from benchmarks.speed.measurement import Measurement, ResultTable

INPUTS = 600
AT_ONCE = 50
PATIENCE = 20.0  # seconds for an answer, or for the end of the connection
RATE = 10
TOKEN = "s3cret"  # of this run alone
PATHS = (
    *("/", "/page.js", "/state.json?after=3", "/frame.jpg?after=1&width=480", "/snapshot.jpg", "/crop/1.jpg?v=2"),
    *("/stream.mjpg?width=480", f"/?token={TOKEN}", "/crop/999.jpg", "/../../etc/passwd", "/state.json?after=x"),
)
HEADERS = f"Host: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nCookie: keeptrack_1=abc; a=b\r\nAccept: */*\r\n"
BODIES = (
    "",
    "Content-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Expect: 100-continue\r\n",
)
ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


def damaged(seed: int, number: int) -> bytes:
    """A request that is almost right."""
    chance = random.Random(f"{seed} http {number}")
    method = chance.choice(("GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "PRI"))
    body = chance.choice(BODIES)
    text = f"{method} {chance.choice(PATHS)} HTTP/1.1\r\n{HEADERS}{body}" + ("" if "\r\n\r\n" in body else "\r\n")
    content = text.encode()
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = chance.choice((*TEXT, *BINARY))(content, chance)
    return content[:4_000_000]


def measure(clip: Path, folder: Path, seed: int = 0, inputs: int | None = None) -> Measurement:
    """The requests, many at once, at a run that records."""
    count, port = INPUTS if inputs is None else min(inputs, INPUTS), free_port()
    log, lines = folder / "run.log", folder / "run.jsonl"
    options: list[str | Path] = ["--detector", "motion", "--appearance", "none", "-o", "none", "--jsonl", lines]
    options += ["--view", f"127.0.0.1:{port}", "--view-token", TOKEN]
    with TsHttpServer(clip, RATE) as server, running([server.url, *options], log) as run:
        wait_for("frames", lambda: bool(read_lines(lines)), run, log)
        connect(port).close()
        answers = asyncio.run(_send_all(port, [damaged(seed, number) for number in range(count)]))
        before = len(read_lines(lines))
        wait_for("more frames", lambda: len(read_lines(lines)) > before + RATE, run, log)
        goes_on = run.poll() is None
    said = "".join(line for line in log.read_text().splitlines() if not STATUS.match(line))
    wrong = sum(count for answer, count in answers.items() if answer.startswith("5") and answer != "503")
    hung = answers["no answer, no end"]
    row = ["http", str(count), str(wrong), str(hung), "yes" if goes_on else "NO", said[:200] or "nothing"]
    headings = ["", "inputs", "answers 5xx", f"open after {PATIENCE:.0f} s", "the run goes on", "it said"]
    table = ResultTable("Requests to the page's port", headings, [row], f"Answers: {dict(sorted(answers.items()))}")
    return Measurement([table], {"answers": dict(answers)}, failed=bool(wrong or hung or said or not goes_on))


async def _send_all(port: int, requests: list[bytes]) -> Counter[str]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(request: bytes) -> str:
        async with gate:
            return await _send(port, request)

    return Counter(await asyncio.gather(*map(send, requests)))


async def _send(port: int, request: bytes) -> str:
    """The status of the answer, or how the connection has ended."""
    try:
        async with connected(port) as (reader, writer):
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(100), PATIENCE)
    except asyncio.TimeoutError:
        return "no answer, no end"
    except OSError:
        return "closed"
    found = ANSWER.match(answer)
    return found[1].decode() if found else "closed" if not answer else "not HTTP"
