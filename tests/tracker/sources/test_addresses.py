"""Addresses without their secrets."""

from __future__ import annotations

import re

import pytest

from tracker.sources.addresses import (
    file_name,
    host_of,
    is_recorded,
    mistyped,
    recorded,
    video_name,
    without_secrets,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:secret@host:554/a/b?password=secret", "rtsp://host:554/a/b"),
        ("rtsp://me:sec@ret@host/a", "rtsp://host/a"),
        ("rtsp://me:sec/ret@host/a", "rtsp://host/a"),
        ("rtsp://host/cam@1", "rtsp://host/cam@1"),
        ("rtsp://host/user=me&password=secret&channel=1", "rtsp://host/user=..."),
        ("rtsp://host/user=me_password=secret_channel=1_stream=0.sdp", "rtsp://host/user=..."),
        ("rtsp://host/accessToken=secret/a", "rtsp://host/accessToken=.../a"),
        ("rtsp://host/passphrase:secret/a", "rtsp://host/.../a"),
        ("rtsp://host/auth/secret", "rtsp://host/auth/..."),
        ("rtsp://host/a;password=secret", "rtsp://host/a"),
        ("rtsp://host/login/secret@x", "rtsp://host/login/..."),
        ("rtsp://me:12/secret@host/a", "rtsp://.../.../a"),
        ("rtsp://me:x?secret@host/a", "rtsp://host/a"),
        ("rtsp://me:secret#x@host/a", "rtsp://host/a"),
        ("rtsp://me%3Asecret%40host/a", "rtsp://host/a"),
        ("http://host:80/go/rtsp://me:secret@other/a", "http://host:80/go/..."),
        ("http://host/go?to=rtsp://me:secret@other", "http://host/go"),
        ("http://host:80/@channel/live", "http://.../channel/live"),
        ("rtmp://host/live/secret", "rtmp://host/live/..."),
        ("rtsp://host/live/k3y9secret2.m3u8", "rtsp://host/live/....m3u8"),
        ("http://host/1secret/mjpeg", "http://host/.../mjpeg"),
        ("http://host/hls/secret9/index.m3u8?x=secret", "http://host/hls/.../index.m3u8"),
        ("http://host/9876543210", "http://host/..."),
        ("http://host/aB3xY9zQ", "http://host/..."),
        ("http://host/sécret", "http://host/..."),
        ("rtsp://host/Streaming/Channels/101", "rtsp://host/Streaming/Channels/101"),
        ("rtsp://host/h264Preview_01_main", "rtsp://host/h264Preview_01_main"),
        ("http://host/axis-cgi/mjpg/video.cgi", "http://host/axis-cgi/mjpg/video.cgi"),
        ("rtsp://host:8554/stream1", "rtsp://host:8554/stream1"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        ("rtsp://me:se@cret/secret@host/a", "rtsp://.../.../a"),
        ("rtsp://me:x@secret?y@host/a", "rtsp://.../.../a"),
        ("rtsp://me:secret@host/@channel/live", "rtsp://.../channel/live"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert "secret" not in file_name(url)


def test_two_addresses_differ_where_what_differs_is_hidden() -> None:
    channels = [f"rtsp://me:secret@host/cam/realmonitor?channel={number}" for number in (1, 2)]
    for told in (file_name, recorded):
        one, other = map(told, channels)
        assert one != other
        assert one.startswith(told("rtsp://host/cam/realmonitor"))
        assert "secret" not in one
    assert file_name("rtsp://me:secret@host/live") == "host-live"  # nothing but who asks is left out
    assert recorded("rtsp://host/live") == "rtsp://host/live"
    assert [is_recorded(each) for each in (*map(recorded, channels), *channels)] == [True, True, False, False]


def test_the_host_of_an_address() -> None:
    assert host_of("rtsp://me:pw@host:554/x") == "host"
    assert host_of("rtsp://[::1]:554/x") == "::1"
    assert host_of("udp://:5000") == ""
    assert host_of("http://host:80/@channel") == "host"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://host/videos/street.mp4", "host-videos-street"),
        ("http://192.168.0.15/video", "192.168.0.15-video"),
        ("http://192.168.0.15", "192.168.0.15"),
    ],
)
def test_a_video_on_a_server_is_called_by_its_name_without_the_ending(url: str, name: str) -> None:
    assert video_name(url) == name


def test_a_video_whose_name_may_be_a_key_is_called_by_a_hash() -> None:
    names = {video_name(f"http://host/{key}.mp4") for key in ("a7f3c2", "b8e1d0")}
    assert len(names) == 2
    assert all(re.fullmatch(r"host-[0-9a-f]{6}", name) for name in names)


@pytest.mark.parametrize("text", ["rtsp:/me:secret@host/a", "me:secret@host", "rtsp//me:sec@ret@host"])
def test_a_mistyped_address_is_shown_without_its_password(text: str) -> None:
    assert mistyped(text).startswith("...@host")
    assert mistyped("a@b.mp4") == "a@b.mp4"
