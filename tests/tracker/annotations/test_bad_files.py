from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.errors import InputError
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import coco, labelstudio, yolo


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_raises_nothing_but_an_input_error(tmp_path: Path, data: st.DataObject) -> None:
    coco.write(_video(), tmp_path / "coco.json")
    labelstudio.write(_video(), tmp_path / "tasks.json")
    yolo.write(_video(), tmp_path / "yolo")
    damaged = [(coco, "coco.json", "coco.json"), (labelstudio, "tasks.json", "tasks.json")]
    damaged += [(yolo, "yolo", "yolo/video.json"), (yolo, "yolo", "yolo/tracks/a_000002.txt")]
    module, whole, file = data.draw(st.sampled_from(damaged))
    content = (tmp_path / file).read_bytes()
    start = data.draw(st.integers(0, len(content) - 1))
    new = data.draw(st.sampled_from([b"", b"9" * 20, b"-", b"null", b"\xff", b"1e999", b'"x"', b"[]"]))
    end = start + data.draw(st.integers(0, 12))
    (tmp_path / file).write_bytes(content[:start] + new + content[end:])
    with contextlib.suppress(InputError):
        module.read(tmp_path / whole)
