"""Removes secrets from messages, in every encoding in which a server or a library may repeat them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Self

PLACEHOLDER = "(secret)"
"""The text that replaces a secret."""
_MINIMUM_FRAGMENT = 4
"""The fewest characters of base64 to search for: any text contains shorter ones by chance."""
_MINIMUM_START = 6
"""The fewest characters at the end of a text that count as the start of a secret that was cut off."""


class Secrets:
    """Values that no message may show.

    They are found as they are, percent-encoded, with JSON, HTML or backslash escapes, in base64 (also inside a longer
    base64 text, as in `Authorization: Basic`), in hexadecimal, and where the end of a text cuts them off.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values: tuple[str, ...] = tuple(sorted({value for value in values if value}, key=len, reverse=True))

    def with_values(self, values: Iterable[str]) -> Self:
        """Return these secrets and more of them."""
        more = tuple(values)
        return type(self)((*self.values, *more)) if more else self

    def scrub(self, text: str) -> str:
        """Return the text with each secret replaced by `PLACEHOLDER`. Scrub a text before you shorten it."""
        if not self.values:
            return text
        return self._without_cut_off_secret(self._pattern.sub(PLACEHOLDER, text))

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        """Return every text to search for, the longest first."""
        found = set(self.values)
        for value in self.values:
            found.update(_base64_fragments(value.encode()))
            found.add(value.encode().hex())
        return tuple(sorted(found, key=len, reverse=True))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join("".join(map(_pattern_of, form)) for form in self._forms))

    def _without_cut_off_secret(self, text: str) -> str:
        for form in self._forms:
            for length in range(min(len(form) - 1, len(text)), _MINIMUM_START - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + PLACEHOLDER
        return text


@cache
def _pattern_of(character: str) -> str:
    """Return a pattern that matches one character in any escaped form."""
    code = ord(character)
    forms = [re.escape(character)]
    if character == "\\":
        forms = [r"\\{1,8}"]
    units = character.encode("utf-16-be")
    forms.append("".join(rf"\\{{0,8}}[uU](?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2)))
    forms.append("".join(f"%(?:25){{0,3}}(?i:{byte:02x})" for byte in character.encode()))
    forms.append(f"&#(?:0{{0,4}}{code}|[xX]0{{0,4}}(?i:{code:x}));?")
    if code < 256:
        forms.append(rf"\\{{1,8}}x(?i:{code:02x})")
    named = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}.get(character)
    forms += [f"&{named};"] if named else []
    forms += [r"\+"] if character == " " else []
    return rf"(?:\\{{0,8}}(?:{'|'.join(reversed(forms))}))"


def _base64_fragments(value: bytes) -> Iterable[str]:
    """Yield the base64 characters that only this value decides, for each offset at which it can start."""
    for before in range(3):
        encoded = b64encode(b"\0" * before + value).decode().rstrip("=")
        fragment = encoded[-(-8 * before // 6) : 8 * (before + len(value)) // 6]
        if len(fragment) >= _MINIMUM_FRAGMENT:
            yield fragment
            yield fragment.replace("+", "-").replace("/", "_")
