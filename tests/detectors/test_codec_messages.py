"""What picture libraries print: nothing, and damage is known."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from detectors.base import Image
from detectors.codec_messages import codec_messages


def damaged(ending: str) -> Image:
    """A picture of noise whose second half is zeros."""
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    content = np.asarray(cv2.imencode(ending, picture)[1], dtype=np.uint8)
    content[len(content) // 2 : len(content) // 2 + 200] = 0
    return content


@pytest.mark.parametrize(("ending", "told"), [(".jpg", "Corrupt JPEG data"), (".png", "libpng error"), (".tif", "")])
def test_damage_is_told_to_the_reader_alone(ending: str, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    damage: list[str] = []
    with codec_messages(damage):
        cv2.imdecode(damaged(ending), cv2.IMREAD_COLOR)
        print("ours")
    assert capfd.readouterr() == ("ours\n", "")
    assert bool(damage) == bool(told)
    assert all(told in each for each in damage)
    with codec_messages(damage := []):
        cv2.imdecode(cv2.imencode(ending, np.zeros((8, 8, 3), np.uint8))[1], cv2.IMREAD_COLOR)
    assert damage == []


def test_several_threads_decode_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    def decode() -> None:
        for _ in range(20):
            with codec_messages():
                cv2.imdecode(damaged(".jpg"), cv2.IMREAD_COLOR)

    threads = [threading.Thread(target=decode) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert capfd.readouterr().err == ""
