"""Text that cannot harm a terminal."""

from __future__ import annotations

import sys
import unicodedata

from reconciler.rendering.paint import safe


def test_ordinary_text_stays_as_it_is() -> None:
    assert safe("Müller & Söhne, 東京 – 100 %") == "Müller & Söhne, 東京 – 100 %"


def test_no_control_direction_or_line_end_gets_through() -> None:
    dangerous = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    characters = (chr(number) for number in range(sys.maxunicode + 1))
    let_through = [each for each in characters if unicodedata.category(each) in dangerous and each in safe(f"a{each}b")]
    assert let_through == []
