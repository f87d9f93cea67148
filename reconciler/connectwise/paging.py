"""Every page of a list, and not one request more.

Forward-only paging (`pagination-type: forward-only`, `pageId=N` means id > N) is the default: objects that come or go
meanwhile shift nothing. Navigable paging (`page=N`) is for what must be ordered. Both follow `Link: rel="next"` where
it is sent; some endpoints send none [docs, seen], so there a full page means that another one may follow.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from reconciler.connectwise.errors import EndlessPaging

PAGE_SIZE = 1000
"""Objects to a page; ConnectWise gives no more [docs]."""

Paging: TypeAlias = Literal["forward-only", "navigable"]
PARAMETER: dict[Paging, str] = {"forward-only": "pageId", "navigable": "page"}

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]*))*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came: its objects, and its `Link` header (None when there was none)."""

    objects: list[dict[str, Any]]
    link: str | None


async def every_page(
    fetch: Callable[[int | None], Awaitable[Page]],
    *,
    paging: Paging,
    endpoint: str,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> list[dict[str, Any]]:
    """All objects of a list, each once. `fetch` is given a page's number or the id it starts behind, None at first.

    `after` starts forward-only paging behind an id. Raises `EndlessPaging` when a page brings nothing new.
    """
    found: dict[Any, dict[str, Any]] = {}
    mark, number, linked = after, 1, False
    while True:
        page = await fetch(mark)
        before = len(found)
        for entry in page.objects:
            found.setdefault(entry.get("id", id(entry)), entry)
        if not page.objects:
            break
        if len(found) == before:
            raise EndlessPaging(
                f"the page behind {mark} holds only objects of pages before it",
                method="GET",
                endpoint=endpoint,
                advice="This server does not page as ConnectWise does; the list was not read to its end.",
            )
        number += 1
        following = next_mark(page.link, paging)
        # Whether this endpoint sends links at all: then a page without one is the last.
        linked = linked or bool(page.link)
        if following is None and (linked or len(page.objects) < size):
            break
        mark = following or (number if paging == "navigable" else last_id(page.objects, endpoint))
    return list(found.values())


def next_mark(link: str | None, paging: Paging) -> int | None:
    """The page or id that `rel="next"` of a `Link` header points at; only the number is taken, never the host."""
    for url, parameters in _LINK.findall(link or ""):
        rel = _REL.search(parameters)
        if rel and "next" in (rel[1] or rel[2]).lower().split():
            given = {key.lower(): values for key, values in parse_qs(urlsplit(url).query).items()}
            value = given.get(PARAMETER[paging].lower(), [""])[-1]
            if value.isascii() and value.isdigit():
                return int(value)
    return None


def last_id(objects: list[dict[str, Any]], endpoint: str) -> int:
    """The highest id of a page, behind which the next one starts."""
    ids: list[int] = [entry["id"] for entry in objects if isinstance(entry.get("id"), int)]
    if len(ids) < len(objects):
        raise EndlessPaging(
            "a full page came without Link header and with objects without id, so the next one cannot be asked for",
            method="GET",
            endpoint=endpoint,
            advice="Name id among the fields.",
        )
    return max(ids)
