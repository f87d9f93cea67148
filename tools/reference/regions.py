"""The generated parts of a page that is written by hand.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. The rest of the page is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_PART = re.compile(r"^<!-- generated: (?P<name>[^\n]+) -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)


def filled(page: str, parts: Mapping[str, Callable[[], str]], *, where: str) -> str:
    """Return a page with each of its parts replaced by the generated one.

    Raises `ValueError` if the page lacks one of the parts, has one twice, or has one that nothing generates.
    """
    names = _PART.findall(page)
    if sorted(names) != sorted(parts):
        raise ValueError(f"{where} must have each of these parts once: {sorted(parts)}; it has {sorted(names)}")

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- generated: {name} -->\n\n{parts[name]().strip()}\n\n<!-- end -->"

    return _PART.sub(replaced, page)
