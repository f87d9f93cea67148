"""Secrets kept out of messages, in each of the forms that a server or a library may repeat them in."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cached_property
from typing import Self

SHOWN = "(secret)"
_LEAST_FRAGMENT = 4
"""Characters of base64 that are looked for at least: fewer are found by chance in any text."""
_LEAST_BEGINNING = 6
"""Characters of a secret that are taken for its beginning where a text was cut off."""


class Secrets:
    """Values that no message may show: as they are, percent-encoded, JSON-, HTML- or backslash-escaped, in base64 (also
    inside a longer one, as in `Authorization: Basic`), in hexadecimal, and begun where the text was cut off."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values: tuple[str, ...] = tuple(sorted({value for value in values if value}, key=len, reverse=True))

    def plus(self, values: Iterable[str]) -> Self:
        """These secrets and more of them."""
        more = tuple(values)
        return type(self)((*self.values, *more)) if more else self

    def scrub(self, text: str) -> str:
        """The text without the secrets. Scrub before you cut a text: half a secret is not found."""
        if not self.values:
            return text
        return self._without_beginning(self._pattern.sub(SHOWN, text))

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        """Every text to look for, the longest first."""
        found = set(self.values)
        for value in self.values:
            found.update(_fragments(value.encode()))
            found.add(value.encode().hex())
        return tuple(sorted(found, key=len, reverse=True))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join("".join(map(_any_form, form)) for form in self._forms))

    def _without_beginning(self, text: str) -> str:
        for form in self._forms:
            for length in range(min(len(form) - 1, len(text)), _LEAST_BEGINNING - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + SHOWN
        return text


def _any_form(character: str) -> str:
    """A pattern for one character, however it is escaped."""
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


def _fragments(value: bytes) -> Iterable[str]:
    """What base64 makes of a value, wherever in a longer one it begins: the characters that it alone decides."""
    for before in range(3):
        encoded = b64encode(b"\0" * before + value).decode().rstrip("=")
        fragment = encoded[-(-8 * before // 6) : 8 * (before + len(value)) // 6]
        if len(fragment) >= _LEAST_FRAGMENT:
            yield fragment
            yield fragment.replace("+", "-").replace("/", "_")
