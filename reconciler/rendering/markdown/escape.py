"""Make text from outside harmless in Markdown of GitHub and GitLab."""

from __future__ import annotations

import re

from reconciler.rendering.paint import safe, shortened

_JOINER = "&#8288;"
"""A word joiner, which has no width. It parts the characters that would make a mention, a reference or a link."""
_ENTITIES = {character: f"&#{ord(character)};" for character in "\\`*_{}[]|~<>$"}
_PARTED = {
    "@": f"&#64;{_JOINER}",  # mentions, and e-mail addresses
    "#": f"&#35;{_JOINER}",  # issues
    "!": f"&#33;{_JOINER}",  # merge requests of GitLab, and images
    "%": f"&#37;{_JOINER}",  # milestones of GitLab
}
_ENTITY = re.compile("&(?=[#A-Za-z])")
"""The start of an entity."""
_COLON = re.compile(r":(?=\S)(?!\d+(?!\w))|:(?=(?:100|1234):)")
"""The start of an emoji code, or the colon of a URL. Times and places in files, such as `a.yaml:3:7`, have none."""
_WEB = re.compile(r"(?i)\bwww(?=\.)")
_REFERENCE = re.compile(r"(?i)\b(GH)(?=-\d)")
_GITLAB = re.compile(r"[&$](?=\d)|~(?=[\w\"'])")
"""The start of an epic, a snippet or a label of GitLab, which also reads them where the sign is an entity."""
_COMMIT = re.compile(r"(?i)(?<![0-9a-z])(?=\d*[a-f])[0-9a-f]{7,40}(?![0-9a-z])")
"""What may be the hash of a commit, which has seven characters at least. An id of digits alone is left as it is."""
_STARTS = re.compile(r"^(/|[+-](?=[\s+-]|$)|=(?==*\s*$))")
"""What starts a quick action of GitLab, a list or the underline of a heading at the start of a line."""
_NUMBER = re.compile(r"^(\d{1,9})(?=[.)](\s|$))")
"""The number of a list at the start of a line."""


def text(value: str) -> str:
    """Return text from outside for a line of Markdown or the content of an HTML element.

    It is on one line. No character of it has a meaning: a reader sees the same text.
    """
    found = safe(value).strip()
    for parted in (_WEB, _REFERENCE, _GITLAB, _COLON):
        found = parted.sub("\\g<0>\0", found)
    found = _COMMIT.sub(lambda hashed: "\0".join(re.findall(".{1,6}", hashed[0])), found)
    parts = (_ENTITIES.get(each) or _PARTED.get(each) or each for each in _ENTITY.sub("\1", found))
    joined = _STARTS.sub(lambda match: f"&#{ord(match[0])};", "".join(parts)).replace("\1", "&#38;")
    return _NUMBER.sub("\\1\0", joined).replace("\0", _JOINER)


def short_text(value: str, size: int) -> str:
    """Return text from outside of at most `size` bytes of UTF-8, which are 60 at least. A longer one is cut."""
    longest = size
    while len((found := text(shortened(value, longest))).encode()) > size:
        longest = longest * 2 // 3
    return found


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
