"""The template of the text that an addition has on the invoice: its names, its check and its filling."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from string import Formatter

LONGEST = 6000
"""The most characters of the invoice description of an addition [spec]."""

LONGEST_VALUES: Mapping[str, int] = {
    "quantity": 30,
    "unit": 3,
    "devices": 10,
    "allowance": 30,
    "period": 7,
    "charge": 60,
    "customer": 100,
}
"""The names of a template, each with the most characters of its value."""


def check(template: str) -> str:
    """Return the template unchanged. Raises `ValueError` for one that cannot be filled in, or that may be too long."""
    if not template.strip():
        raise ValueError("the text is empty: leave it out to keep the text of the product")
    if bad := next((each for each in template if each != "\n" and unicodedata.category(each) == "Cc"), None):
        raise ValueError(f"the text has the control character U+{ord(bad):04X}: remove it")
    longest = sum(len(text) + LONGEST_VALUES.get(name or "", 0) for text, name in _parts(template))
    if longest > LONGEST:
        raise ValueError(
            f"the text has up to {longest} characters with the longest values, and ConnectWise takes {LONGEST}"
        )
    return template


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the text of a template that `check` has accepted. Each value is on one line, and not too long."""
    return "".join(
        text if name is None else f"{text}{_in_one_line(values[name])[: LONGEST_VALUES[name]]}"
        for text, name in _parts(template)
    )


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    """Yield each literal text with the name that follows it. None after the last one.

    Raises `ValueError` for a name that does not exist, and for what cannot be parsed.
    """
    names = ", ".join(f"{{{name}}}" for name in LONGEST_VALUES)
    try:
        parts = [*Formatter().parse(template)]
    except ValueError:
        raise ValueError(f"write a brace that stands for itself twice, as in `{{{{`. The names are {names}") from None
    for text, name, form, conversion in parts:
        if name is not None and (name not in LONGEST_VALUES or form or conversion):
            written = f"{name}{'' if not conversion else f'!{conversion}'}{'' if not form else f':{form}'}"
            raise ValueError(f"there is no {{{written}}}: the names are {names}")
        yield text, name


def _in_one_line(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(each) == "Cc" else each for each in text).split())
