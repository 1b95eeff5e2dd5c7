"""Addresses without their secrets."""

from __future__ import annotations

import pytest

from tracker.sources.addresses import file_name, host_of, without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:secret@host:554/a/b?password=secret", "rtsp://host:554/a/b"),
        ("rtsp://me:sec@ret@host/a", "rtsp://host/a"),
        ("rtsp://me:sec/ret@host/a", "rtsp://host/a"),
        ("rtsp://host/cam@1", "rtsp://host/cam@1"),
        ("rtsp://host/user=me&password=secret&channel=1", "rtsp://host/user=me&password=...&channel=1"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert "secret" not in file_name(url)


def test_the_host_of_an_address() -> None:
    assert host_of("rtsp://me:pw@host:554/x") == "host"
    assert host_of("rtsp://[::1]:554/x") == "::1"
    assert host_of("udp://:5000") == ""
