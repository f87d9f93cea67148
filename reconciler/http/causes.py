"""Say in plain words why a request got no complete response."""

from __future__ import annotations

import re

_RECEIVED = re.compile(r"\(received (\d+) of (\d+) bytes\)")


def cause_of(error: Exception) -> str:
    """Return the text of a transport's error, without terms from the code of aiohttp.

    The text may contain secrets: the caller removes them.
    """
    text = (str(error) or type(error).__name__).replace(" ssl:default", "")
    if cut := _RECEIVED.search(text):
        return f"the connection closed after {cut[1]} of {cut[2]} bytes"
    return text
