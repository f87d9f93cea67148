"""Reads all pages of a list: every object is found, and found once.

The default is forward-only paging (`pagination-type: forward-only`; `pageId=N` means id > N): objects that are created
or deleted meanwhile shift nothing. Navigable paging (`page=N`) is for lists that must be ordered. Some endpoints ignore
the paging that was asked for [docs, seen], so a `Link` with `rel="next"` is followed in either form. Only the number is
taken from the link: every page is requested from the configured host.

A short page alone does not prove the end of a list, because the server may limit pages to fewer objects. A page is the
last one when it has a `Link` without `next`, when it is empty, or when it is shorter than another page of the same
endpoint. Otherwise the next page is requested by id, and by number where the endpoint does not support ids.
`PagingHistory` stores these facts about the endpoint, so that 10,000 small lists need no second request each.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from reconciler.connectwise.errors import EndlessPaging

PAGE_SIZE = 1000
"""Objects in a page; ConnectWise allows no more [docs]."""
DEFAULT_PAGE_SIZE = 25
"""The API's page size where a request names none [docs]. A server is unlikely to limit pages to less [guess]. After a
shorter page without a link, one request for each endpoint and length shows whether another page follows. After a longer
page, every list makes that request."""

Paging: TypeAlias = Literal["forward-only", "navigable"]
Parameter: TypeAlias = Literal["pageId", "page"]

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s;,\"']*))*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;,\"']*))", re.IGNORECASE)
_SAYS_NEXT = re.compile(r"rel\s*=\s*[\"']?[^;,\"']*\bnext\b", re.IGNORECASE)
_PAGES = frozenset({"next", "prev", "previous", "first", "last", "self"})
_MAX_DIGITS = 18
_BY_ID: dict[Paging, bool] = {"forward-only": True, "navigable": False}


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page starts: after an id (`pageId`), or at a page number (`page`)."""

    parameter: Parameter
    value: int

    def __str__(self) -> str:
        return f"{self.parameter}={self.value}"


_STARTS = frozenset({PageStart("pageId", 0), PageStart("page", 0), PageStart("page", 1)})


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its objects, each with an id, and its `Link` header or None."""

    objects: list[dict[str, Any]]
    link: str | None


@dataclass(slots=True)
class PagingHistory:
    """The lengths of the pages of an endpoint, from all of its lists so far."""

    longest: int = 0
    """The number of objects in the longest page."""
    ended: set[int] = field(default_factory=set)
    """Lengths of pages without a link that were the last page."""
    capped: set[int] = field(default_factory=set)
    """Lengths of pages without a link that another page followed."""

    def is_last(self, size: int, default_size: int) -> bool:
        """Return whether a page of this many objects, without a link, must be the last one."""
        return size < self.longest or (size < default_size and size in self.ended and size not in self.capped)


@dataclass(slots=True)
class _PartialList:
    """A list, as far as it was read, and how its next page is requested."""

    endpoint: str
    by_id: bool
    history: PagingHistory
    page_size: int
    default_size: int
    found: dict[int, dict[str, Any]] = field(default_factory=dict)
    starts: set[PageStart] = field(default_factory=lambda: set(_STARTS))
    number: int = 1
    """The number of the current page, for paging by number."""
    unlinked: bool = False
    """No link named the current page; it was requested to see whether it exists."""
    previous_size: int = 0
    """The number of objects in the page before an unlinked one."""
    empty: bool = False
    """The previous page was empty, and had a link to this one."""

    def add(self, objects: list[dict[str, Any]]) -> int:
        """Add the objects of a page, and return how many are new."""
        before = len(self.found)
        for entry in objects:
            self.found.setdefault(entry["id"], entry)
        return len(self.found) - before

    def follow(self, start: PageStart, new: int, size: int) -> PageStart | None:
        """Return the page that a link names, or None if the list ends in spite of the link."""
        if not size and (start in self.starts or self.empty):
            return None
        if start in self.starts:
            raise self.endless(f"the page after {start} is {start} again")
        if size and not new and not self.unlinked:
            raise self.endless(f"the page before {start} holds no new objects")
        self.unlinked, self.empty = False, not size
        self.by_id = start.parameter == "pageId"
        self.number = start.value if not self.by_id else self.number
        return start

    def record(self, new: int, size: int) -> None:
        """Record in the history whether the page before an unlinked one was the last, by its length."""
        self.history.longest = max(self.history.longest, size)
        if self.unlinked and new:
            self.history.capped.add(self.previous_size)
        elif self.unlinked and not size:
            self.history.ended.add(self.previous_size)

    def next_unlinked(self, page: Page, new: int) -> PageStart | None:
        """Return the page to request after a page without a link, or None at the end of the list."""
        size = len(page.objects)
        if not size:
            return None
        if not new:
            return self._by_number_instead(size)
        if self.history.is_last(size, self.default_size):
            return None
        ids = [entry["id"] for entry in page.objects]
        if self.by_id and ids != sorted(ids):
            self.by_id = False  # the page is not sorted by id, so ids after the highest one would skip objects
        self.number += 1
        self.unlinked, self.previous_size = True, size
        return PageStart("pageId", max(ids)) if self.by_id else PageStart("page", self.number)

    def _by_number_instead(self, size: int) -> PageStart | None:
        """Return the page to request after a page without new objects: the endpoint does not page by id, or not at all.

        None means that the list is complete.
        """
        if self.unlinked and self.by_id:
            self.by_id, self.number = False, 2
            return PageStart("page", 2)
        if self.unlinked and self.number == 2 and size < self.page_size:
            self.history.ended.add(self.previous_size)
            return None
        raise self.endless(f"page {self.number} holds no new objects")

    def endless(self, what: str) -> EndlessPaging:
        """Return the error for pages that do not lead to the end of the list."""
        return EndlessPaging(
            what,
            method="GET",
            endpoint=self.endpoint,
            advice="This server does not page as ConnectWise does. The list was not read to its end.",
        )


async def read_all_pages(
    fetch: Callable[[PageStart | None], Awaitable[Page]],
    *,
    paging: Paging,
    endpoint: str,
    history: PagingHistory | None = None,
    at_most: int | None = None,
    page_size: int = PAGE_SIZE,
    default_size: int = DEFAULT_PAGE_SIZE,
) -> list[dict[str, Any]]:
    """Return all objects of a list, each once. `fetch` requests a page by where it starts; None is the first page.

    `history` is the history of the endpoint, and is updated. `at_most` is the most objects that the list can have.
    Raises `EndlessPaging` for a page without new objects, and for a next page that was read already or that the link
    does not name in a known form.
    """
    partial = _PartialList(endpoint, _BY_ID[paging], history or PagingHistory(), page_size, default_size)
    start: PageStart | None = None
    while True:
        page = await fetch(start)
        if start is not None:
            partial.starts.add(start)
        new = partial.add(page.objects)
        partial.record(new, len(page.objects))
        if at_most is not None and len(partial.found) >= at_most:
            break
        links = parse_links(page.link, partial.starts, endpoint)
        if links.next is not None:
            start = partial.follow(links.next, new, len(page.objects))
        elif links.any:
            break
        else:
            start = partial.next_unlinked(page, new)
        if start is None:
            break
    return list(partial.found.values())


@dataclass(frozen=True, slots=True)
class Links:
    """The content of a `Link` header: the start of the next page, and whether it names any page."""

    next: PageStart | None
    any: bool


def parse_links(link: str | None, seen: Collection[PageStart], endpoint: str) -> Links:
    """Return the content of a `Link` header. `seen` holds the starts of the pages that were read already.

    Where a `next` has both the `pageId` of a page that was read and a new `page`, the page number counts. Raises
    `EndlessPaging` for a `next` in an unknown form: ignoring it would cut off the list.
    """
    nexts, any_page = [], False
    for url, parameters in _LINK.findall(link or ""):
        rel = _REL.search(parameters)
        names = (rel[1] or rel[2] or rel[3]).lower().split() if rel else []
        any_page = any_page or not _PAGES.isdisjoint(names)
        if "next" in names:
            nexts.append(url)
    starts = [start for url in nexts for start in _starts(url)]
    if starts:
        return Links(next((start for start in starts if start not in seen), starts[0]), any_page)
    if nexts or _SAYS_NEXT.search(link or ""):
        raise EndlessPaging(
            "the Link header of a page names a next page in an unknown form",
            method="GET",
            endpoint=endpoint,
            advice="A next page has page=N or pageId=N. The list was not read to its end. Report this response.",
        )
    return Links(None, any_page)


def _starts(url: str) -> list[PageStart]:
    """Return where the page of a URL starts, by id first and then by number."""
    try:
        query = urlsplit(unescape(url)).query
    except ValueError:
        query = unescape(url).partition("?")[2]
    given = {name.lower(): value for name, value in parse_qsl(query)}
    parameters: tuple[Parameter, Parameter] = ("pageId", "page")
    return [
        PageStart(parameter, int(value))
        for parameter in parameters
        if (value := given.get(parameter.lower(), "").strip()).isascii()
        and value.isdigit()
        and len(value) <= _MAX_DIGITS
    ]
