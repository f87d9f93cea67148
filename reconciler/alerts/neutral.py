"""Make text from outside harmless in chats, e-mail and webhooks. No service then finds a mention or a link in it.

Services read a text by rules of their own, and apprise escapes it only for some of them. So nothing is escaped here: a
word joiner, which has no width, parts the characters that would have a meaning. A reader sees the same text.
"""

from __future__ import annotations

import re

from reconciler.rendering.paint import safe

_JOINER = "\u2060"
_MEANING = re.compile(
    r"@"  # @everyone; also ops@example.com, which is a link in an e-mail
    r"|<(?=[!@#&/:?\w])"  # <!channel>, <@U123>, <at>all</at>, <a href=…>
    r"|\](?=[(\[])"  # [text](address)
    r"|:(?=//)"  # https://example.com
    r"|\bwww(?=\.)",
    re.IGNORECASE,
)
_LONGEST = 250
"""A text from outside has at most this many characters in a message."""


def neutral(text: str, longest: int = _LONGEST) -> str:
    """Return text from outside on one line, at most `longest` characters of it, without a mention or a link."""
    found = " ".join(safe(text).split())
    if len(found) > longest:
        found = f"{found[: longest - 1].rstrip()}…"
    return _MEANING.sub(rf"\g<0>{_JOINER}", found)
