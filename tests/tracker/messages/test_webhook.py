"""Messages by HTTP to a real server: what it gets, while it is there and while it is not."""

from __future__ import annotations

import base64
import json
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from detectors.errors import InputError
from tests.tracker.messages.http_server import HttpServer, wait_until
from tracker.messages import sender as sending
from tracker.messages.event_messages import EventMessages
from tracker.messages.outbox import Outbox
from tracker.messages.sender import Sender
from tracker.messages.signature import key_of, signature_headers
from tracker.messages.webhook import Webhook, parse_webhook
from tracker.regions.events import APPEAR, Event


def messages(count: int, first: int = 1) -> Iterator[bytes]:
    encode = EventMessages("door").encode
    for frame in range(first, first + count):
        yield encode(Event(APPEAR, frame / 25, frame, 7, "person", np.array([1.0, 2, 3, 4])))


def sender_to(url: str, folder: Path, key: bytes | None = None) -> Sender:
    return Sender(Outbox(folder), Webhook(parse_webhook(url), key))


def frames_at(server: HttpServer) -> list[int]:
    return [message["frame"] for message in server.messages()]


def test_a_message_is_json_with_an_id_in_body_and_headers(tmp_path: Path) -> None:
    with HttpServer() as server, sender_to(server.url, tmp_path / "q") as sender:
        for message in messages(2):
            sender.append(message)
    (body, headers, _), (second, *_) = server.posted
    assert body == {"message_id": body["message_id"], "source": "door", "time": 0.04, "frame": 1} | {
        "event": "appear",
        "id": 7,
        "class": "person",
        "box": [1, 2, 3, 4],
    }
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == headers["webhook-id"] == body["message_id"]
    assert second["message_id"] != body["message_id"]
    assert not (tmp_path / "q").exists()


def test_nothing_is_lost_or_doubled_while_the_server_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = HttpServer()
    with server, sender_to(server.url, tmp_path / "q") as sender:
        for message in messages(5):
            sender.append(message)
        wait_until(lambda: len(server.posted) == 5)
        server.stop()
        for message in messages(5, 6):
            sender.append(message)
        wait_until(lambda: "refuses the connection; trying again" in caplog.text)
        server.start()
        wait_until(lambda: len(server.posted) == 10)
    assert frames_at(server) == list(range(1, 11))
    assert sender.warnings == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2, "one line when lost, one when back"
    assert "s3cret" not in caplog.text


def test_what_waits_at_the_end_is_sent_by_the_next_run(tmp_path: Path) -> None:
    server = HttpServer()
    server.start()
    server.stop()
    with sender_to(server.url, tmp_path / "q") as sender:
        for message in messages(3):
            sender.append(message)
    [warning] = sender.warnings
    assert warning == f"{sender._channel.shown}: 3 messages wait in {tmp_path / 'q'}; the next run sends them"
    assert "s3cret" not in warning
    with server, sender_to(server.url, tmp_path / "q") as sender:
        wait_until(lambda: len(server.posted) == 3)
    assert frames_at(server) == [1, 2, 3]
    assert not (tmp_path / "q").exists()


@pytest.mark.parametrize("status", [500, 503, 404, 401, 429])
def test_a_status_that_may_change_is_tried_again(tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([status, status])
    with HttpServer(lambda _: (next(answers, 200), {})) as server, sender_to(server.url, tmp_path / "q") as sender:
        for message in messages(2):
            sender.append(message)
        wait_until(lambda: len(server.posted) == 4)
    assert frames_at(server) == [1, 1, 1, 2]
    assert len({headers["webhook-id"] for _, headers, _ in server.posted[:3]}) == 1, "the same message by its id"
    assert f"answers with status {status}; trying again" in caplog.text


def test_a_message_that_is_not_wanted_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = HttpServer(lambda message: (422 if message["frame"] == 2 else 204, {}))
    with server, sender_to(server.url, tmp_path / "queue" / "webhook") as sender:
        for message in messages(3):
            sender.append(message)
    assert frames_at(server) == [1, 2, 3]
    [kept] = (tmp_path / "queue" / "refused.jsonl").read_text().splitlines()
    assert json.loads(kept)["frame"] == 2
    assert "answers with status 422: message " in caplog.text


def test_a_server_that_asks_for_time_gets_it(tmp_path: Path) -> None:
    came: list[float] = []

    def answer(_: object) -> tuple[int, dict[str, str]]:
        came.append(time.monotonic())
        return (503, {"Retry-After": "0.6"}) if len(came) == 1 else (200, {})

    with HttpServer(answer) as server, sender_to(server.url, tmp_path / "q") as sender:
        sender.append(next(messages(1)))
        wait_until(lambda: len(came) == 2)
    assert came[1] - came[0] >= 0.6


def test_a_server_that_never_answers_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.3)
    monkeypatch.setattr(sending, "FAREWELL", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with sender_to(url, tmp_path / "q") as sender:
            began = time.monotonic()
            for message in messages(200):
                sender.append(message)
            assert time.monotonic() - began < 1.0
    assert "200 messages wait" in sender.warnings[0]


def test_signatures_are_those_of_standard_webhooks() -> None:
    # The example with which the specification's own libraries are tested.
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signature_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert key_of("plain") == b"plain"
    assert key_of("whsec_no base64!") == b"whsec_no base64!"


def test_what_is_posted_is_what_was_signed(tmp_path: Path) -> None:
    with HttpServer() as server, sender_to(server.url, tmp_path / "q", b"key") as sender:
        sender.append(next(messages(1)))
    [(_, headers, body)] = server.posted
    stamp = int(headers["webhook-timestamp"])
    assert abs(time.time() - stamp) < 60
    assert (
        headers["webhook-signature"]
        == signature_headers(b"key", headers["webhook-id"], stamp, body)["webhook-signature"]
    )


def test_user_and_password_go_as_a_header_and_nowhere_else(tmp_path: Path) -> None:
    with HttpServer() as server:
        url = server.url.replace("http://", "http://me:p%40ss@")
        with sender_to(url, tmp_path / "q") as sender:
            sender.append(next(messages(1)))
    assert server.posted[0][1]["Authorization"] == f"Basic {base64.b64encode(b'me:p@ss').decode()}"
    assert parse_webhook(url).shown == parse_webhook(server.url).shown
    assert "s3cret" not in parse_webhook(url).shown


@pytest.mark.parametrize(
    "url",
    ["hooks/s3cret", "ftp://host/s3cret", "http:///s3cret", "http://host:99999/s3cret", "http://ho st/s3cret", ""],
)
def test_what_is_no_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InputError, match=r"^--webhook: .*\(give http://") as error:
        parse_webhook(url)
    assert "s3cret" not in str(error.value)
