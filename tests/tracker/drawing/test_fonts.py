"""Text on pictures is legible whatever it is written in, with fonts of the system and without any."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import ImageFont

from tracker.drawing import fonts
from tracker.drawing.fonts import Font, fewest_missing, font_for, has_letter
from tracker.drawing.labels import tag_size, text_mask
from tracker.maps.legend import PAPER, Legend, Swatch, name_panel


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Nothing that a test has found remains."""
    yield
    font_for.cache_clear()
    tag_size.cache_clear()


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without fonts."""
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    font_for.cache_clear()


class OtherFont(ImageFont.FreeTypeFont):
    """A font that has some letters more than the built-in one, which it draws in its shape of "M"."""

    def __init__(self, more: str, size: float = fonts.PROBE) -> None:
        built_in = ImageFont.load_default(fonts.PROBE)
        assert isinstance(built_in, ImageFont.FreeTypeFont)
        super().__init__(BytesIO(built_in.font_bytes), size)
        self._more = more

    def getmask(self, text: str, *options: object, **more: object) -> object:  # type: ignore[override]
        return super().getmask("".join("M" if letter in self._more else letter for letter in text))

    def font_variant(self, **changes: object) -> OtherFont:  # type: ignore[override]
        return OtherFont(self._more, float(str(changes["size"])))


def test_ascii_is_drawn_as_before() -> None:
    for size in (11, 13, 40):
        text, font = font_for("person 12 0.9 ~!", size)
        assert text == "person 12 0.9 ~!"
        expected = ImageFont.load_default(size).getmask(text)
        mask = font.getmask(text)
        assert (mask.size, bytes(mask)) == (expected.size, bytes(expected))


def test_a_letter_is_missing_where_the_empty_box_is_drawn() -> None:
    font = ImageFont.load_default(fonts.PROBE)
    assert all(has_letter(font, chr(code)) for code in range(32, 127))
    assert not has_letter(font, "日")
    assert not has_letter(font, "\ue000")


def test_a_font_of_the_system_is_taken_for_what_the_built_in_one_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[Font] = [OtherFont("é"), OtherFont("éü"), OtherFont("éü日")]
    monkeypatch.setattr(fonts, "_system_fonts", lambda: tuple(others))
    for text, place in (("é", 0), ("éü", 1), ("ü", 1), ("日é", 2)):
        shown, font = font_for(text, 30)
        assert (shown, getattr(font, "_more", ""), getattr(font, "size", 0)) == (text, others[place]._more, 30)  # type: ignore[union-attr]
    assert font_for("e\u0301", 30)[0] == "é", "letters and accents may come apart, as in names of files on macOS"
    shown, font = font_for("日本é", 30)
    assert (shown, getattr(font, "_more", "")) == ("日?é", "éü日"), "the one that lacks the fewest"
    assert fewest_missing("plain", [ImageFont.load_default(fonts.PROBE), *others]) == 0


@pytest.mark.usefixtures("no_fonts")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Café", "Cafe"),
        ("Straße Łódź", "Strasse Lodz"),
        ("São Tomé – Ørsted", "Sao Tome - Orsted"),
        ("日本", "??"),
        ("вход 2", "???? 2"),
        ("a\u200bb\ufe0f", "ab"),
        ("one\ntwo\u00a0three", "one two three"),
        ("12 m²", "12 m2"),
    ],
)
def test_without_fonts_letters_lose_their_accents_and_others_are_question_marks(text: str, shown: str) -> None:
    found, font = font_for(text, 20)
    assert found == shown
    assert all(has_letter(font, letter) for letter in found)


@pytest.mark.usefixtures("no_fonts")
def test_labels_and_legends_have_no_empty_boxes() -> None:
    assert np.array_equal(text_mask(("Łódź", "門"), 21), text_mask(("Lodz", "?"), 21))
    legend, plain = (Legend(500, title, "now").with_swatches([Swatch((9, 9, 9), title)]) for title in ("Tür", "Tur"))
    assert np.array_equal(legend, plain)
    one, two = (np.full((60, 200, 3), PAPER, np.uint8) for _ in range(2))
    name_panel(one, "piéton: 3", 14)
    name_panel(two, "pieton: 3", 14)
    assert np.array_equal(one, two)


def test_fonts_that_cannot_be_opened_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "SYSTEM_FONTS", ("no such font.ttf", __file__))
    monkeypatch.setattr(fonts, "PACKAGE_FONTS", {"no_such_package": "font.ttf", "numpy": "font.ttf"})
    assert list(fonts._opened()) == []
