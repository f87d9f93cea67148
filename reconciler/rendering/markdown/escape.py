"""Make text from outside harmless in Markdown of GitHub and GitLab."""

from __future__ import annotations

import re

from reconciler.rendering.paint import safe

_JOINER = "&#8288;"
"""A word joiner, which has no width. It parts the characters that would make a mention, a reference or a link."""
_ENTITIES = {character: f"&#{ord(character)};" for character in "\\`*_{}[]|~<>&\"'$^="}
_PARTED = {
    "@": f"&#64;{_JOINER}",  # mentions, and e-mail addresses
    "#": f"&#35;{_JOINER}",  # issues
    "!": f"&#33;{_JOINER}",  # merge requests of GitLab, and images
    "%": f"&#37;{_JOINER}",  # milestones of GitLab
}
_COLON = re.compile(r":(?=\S)")
"""The start of an emoji code, or the colon of a URL."""
_WEB = re.compile(r"(?i)\bwww(?=\.)")
_REFERENCE = re.compile(r"(?i)\b(GH)(?=-\d)")
_STARTS = re.compile(r"^(/|[+-](?=[\s+-]|$))")
"""What starts a quick action of GitLab, a list or a line at the start of a line."""
_NUMBER = re.compile(r"^(\d{1,9})(?=[.)](\s|$))")
"""The number of a list at the start of a line."""


def text(value: str) -> str:
    """Return text from outside for a line of Markdown or the content of an HTML element.

    It is on one line. No character of it has a meaning: a reader sees the same text.
    """
    found = _COLON.sub(":\0", _REFERENCE.sub("\\1\0", _WEB.sub("\\g<0>\0", safe(value).strip())))
    parts = (_ENTITIES.get(each) or _PARTED.get(each) or each for each in found)
    joined = _STARTS.sub(lambda match: f"&#{ord(match[0])};", "".join(parts))
    return _NUMBER.sub("\\1\0", joined).replace("\0", _JOINER)


def code(value: str) -> str:
    """Return text from outside as code in a line, on one line. Its marks are longer than any row of backticks in it."""
    shown = safe(value)
    mark = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{mark}{room}{shown}{room}{mark}"


def fence(lines: list[str], language: str = "diff") -> list[str]:
    """Return lines as a block of code. Its fence is longer than any row of backticks in the lines."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    mark = "`" * max(3, longest + 1)
    return [f"{mark}{language}", *lines, mark]
