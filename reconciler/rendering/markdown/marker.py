"""The hidden first line of a comment, and the digest of a plan in it."""

from __future__ import annotations

import re

from reconciler.rendering.markdown.escape import short_text

_DIGEST = re.compile("[a-z0-9]+:[0-9a-f]{1,128}")
_LONGEST = 100
"""The longest title and the longest name of a workspace in the line, in characters."""


def marker(title: str, workspace: str = "", digest: str = "") -> str:
    """Return the hidden first line by which a pipeline finds its own comment. Only its end has the digest of a plan."""
    words = ("reconciler", title.lower(), workspace)
    found = [re.sub("[^A-Za-z0-9._]", "_", word[:_LONGEST]) for word in words if word]
    return f"<!-- {' '.join([*found, *([f'digest={digest}'] if _DIGEST.fullmatch(digest) else [])])} -->"


def digest_text(digest: str) -> str:
    """Return a digest as it is, so that it can be copied. Other text is made safe."""
    return digest if _DIGEST.fullmatch(digest) else short_text(digest, 200)
