"""Whole runs that send messages: what comes is what --events has, and nobody waits for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectors.errors import InputError
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.messages.http_server import HttpServer, wait_until
from tracker import track

TRUTH = str(ROOT / "videos" / "crossing.txt")
OPTIONS = ["--detections", TRUTH, "--appearance", "none", "-o", "none", "--quiet"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_server_gets_every_event_of_a_run(crossing: Path) -> None:
    with HttpServer() as server:
        assert run(crossing, *OPTIONS, "--events", "e.jsonl", "--webhook", server.url) == 0
    events = [json.loads(line) for line in Path("e.jsonl").read_text().splitlines()]
    messages = server.messages()
    assert [{**message, "message_id": None, "source": None} for message in messages] == [
        {"message_id": None, "source": None, **event} for event in events
    ]
    assert len({message["message_id"] for message in messages}) == len(messages)
    assert {message["source"] for message in messages} == {"crossing"}
    assert sorted(path.name for path in Path().iterdir()) == ["e.jsonl"]


def test_what_could_not_be_sent_waits_for_the_next_run(crossing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = HttpServer()
    server.start()
    server.stop()
    assert run(crossing, *OPTIONS, "--webhook", server.url, "--max-frames", "40") == 0
    told = capsys.readouterr().err
    assert "refuses the connection; trying again, messages wait in crossing.queue/webhook" in told
    assert "5 messages wait in crossing.queue/webhook; the next run sends them" not in told.splitlines()[0]
    assert "the next run sends them" in told.splitlines()[-1]
    assert "s3cret" not in told
    waiting = Path("crossing.queue/webhook/000000000001.jsonl").read_text().splitlines()
    with server:
        found = track(crossing, detections=TRUTH, appearance="none", webhook=server.url, max_frames=1)
        with found:
            wait_until(lambda: len(server.posted) == len(waiting))
    assert [json.dumps(message) for message in server.messages()] == [json.dumps(json.loads(line)) for line in waiting]
    assert not Path("crossing.queue").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"webhook": "example.org/x"}, r"--webhook: is no http:// or https:// address"),
        ({"webhook_secret": "x"}, r"--webhook-secret: is for --webhook"),
        ({"webhook": "http://h/", "webhook_secret": ""}, r"--webhook-secret: is empty"),
        ({"mqtt": "host"}, r"--mqtt: has no host, or no topic"),
        ({"queue": "q"}, r"--queue: is for --webhook and --mqtt"),
        ({"webhook": "http://h/", "queue": f"{TRUTH}/q"}, "cannot be written: Not a directory"),
    ],
)
def test_what_makes_no_sense_is_one_line(crossing: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        next(track(crossing, detections=TRUTH, appearance="none", **options))
