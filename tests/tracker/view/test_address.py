"""Addresses as people write them, and which of them are refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from detectors import InputError
from tests.tracker.commands.test_cli import run
from tracker.view.address import TOKEN_VARIABLE, Address, find_token, listen, page_url, parse_address


@pytest.mark.parametrize(
    ("text", "meant"),
    {
        "127.0.0.1:8000": Address("127.0.0.1", 8000),
        ":9000": Address("127.0.0.1", 9000),
        "9000": Address("127.0.0.1", 9000),
        "[::1]:8000": Address("::1", 8000),
        "::1": Address("::1", 8000),
        "localhost": Address("localhost", 8000),
        "0.0.0.0:0": Address("0.0.0.0", 0),
        "camera.local:80": Address("camera.local", 80),
    }.items(),
)
def test_an_address_may_leave_out_what_is_usual(text: str, meant: Address) -> None:
    assert parse_address(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "video.mp4", "localhost:", "localhost:99999", "a:b", "http://localhost:80", "1::2:3:x", "a b:1", "[x:1"],
)
def test_all_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^--view .*\(.*\)$"):
        parse_address(text)


def test_what_others_could_reach_needs_a_token() -> None:
    with pytest.raises(InputError, match="--view-token"):
        listen(Address("0.0.0.0", 0), None)
    with listen(Address("0.0.0.0", 0), "secret") as listening:
        assert page_url(listening, "a b&c").endswith("/?token=a%20b%26c")
        assert "0.0.0.0" not in page_url(listening, "x")
    with listen(Address("localhost", 0), None) as listening:
        assert page_url(listening, None) == f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert find_token(None) is None
    monkeypatch.setenv(TOKEN_VARIABLE, "from-there")
    assert (find_token(None), find_token("given")) == ("from-there", "given")


@pytest.mark.parametrize("token", ["", " ", "a\nb", "schlüssel"])
def test_a_token_is_a_plain_word(token: str) -> None:
    with pytest.raises(InputError, match="--view-token"):
        find_token(token)


def test_what_cannot_be_served_is_told_before_any_file_is_touched(
    crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = {
            str(other.getsockname()[1]): "the port is in use",
            "nowhere.invalid:80": "the host nowhere.invalid is not known",
            "192.0.2.7:80": "no token keeps them out",
            "127.0.0.1:x": "the port x is no number",
        }
        for address, why in refused.items():
            assert run(crossing, "--view", address, "--mot", "out.txt") == 1
            said = capsys.readouterr().err
            assert why in said
            assert said.count("\n") == 1
    assert run(crossing, "--view", "192.0.2.7:8000", "--view-token", "secret") == 1
    assert "no address of this computer" in capsys.readouterr().err
    assert run("--view", crossing) == 1
    assert "a source goes before --view" in capsys.readouterr().err
    assert run(crossing, "--view-token", "secret") == 1
    assert "add --view" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
