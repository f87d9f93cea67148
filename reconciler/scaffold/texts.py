"""Read the texts in `files/`, and fill in their places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template

_LINES = re.compile(r"^( *)@@(\w+)\n", re.MULTILINE)
"""A place on a line of its own."""


class _Text(Template):
    """A text with places such as `@@workspace`. Neither YAML nor a workflow has a use for two at signs."""

    delimiter = "@@"


def filled(name: str, places: Mapping[str, str] = {}, blocks: Mapping[str, Sequence[str]] = {}) -> str:
    """Return the text of a file in `files/` with its places filled in.

    `blocks` has lines. They replace a place that is on a line of its own, and get its indentation.
    """
    text = resources.files(__package__).joinpath("files").joinpath(name).read_text(encoding="utf-8")

    def block(found: re.Match[str]) -> str:
        indent, place = found.groups()
        return "".join(f"{indent if line else ''}{line}\n" for line in blocks[place]) if place in blocks else found[0]

    return _Text(_LINES.sub(block, text)).substitute(places)
