"""Every page of a list: no object is missed, and none comes twice.

Forward-only paging (`pagination-type: forward-only`, `pageId=N` means id > N) is the default: objects that come or go
meanwhile shift nothing. Navigable paging (`page=N`) is for what must be ordered. A `Link` with `rel="next"` is followed
in whichever of the two forms it comes: some endpoints ignore the paging that was asked for [docs, seen]. Only the
number is taken from a link, so a page is always asked of the configured host.

The end is never guessed from a short page alone. A page says that it is the last one by a `Link` without `next`, by
being empty, or by being shorter than another page of the same endpoint: then it is not the server's cap that cut it.
Without any of these the next page is asked for, by id, and by number where the endpoint does not understand ids. What
is learned of an endpoint by that is kept (`Habit`), so that ten thousand small lists do not take a second request each.
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
"""Objects to a page; ConnectWise gives no more [docs]."""
LEAST_CAP = 25
"""The API's page size where none is asked for [docs]. A shorter page is looked behind once for its endpoint, a longer
one each time: a cap below the API's own page size is unlikely [guess]."""

Paging: TypeAlias = Literal["forward-only", "navigable"]
Parameter: TypeAlias = Literal["pageId", "page"]

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s;,\"']*))*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;,\"']*))", re.IGNORECASE)
_SAYS_NEXT = re.compile(r"rel\s*=\s*[\"']?[^;,\"']*\bnext\b", re.IGNORECASE)
_PAGES = frozenset({"next", "prev", "previous", "first", "last", "self"})
_LONGEST_NUMBER = 18
_BY_ID: dict[Paging, bool] = {"forward-only": True, "navigable": False}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page begins: behind an id, or at a number of pages."""

    parameter: Parameter
    value: int

    def __str__(self) -> str:
        return f"{self.parameter}={self.value}"


_STARTS = frozenset({Mark("pageId", 0), Mark("page", 0), Mark("page", 1)})


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came: its objects, each with its id, and its `Link` header (None when there was none)."""

    objects: list[dict[str, Any]]
    link: str | None


@dataclass(slots=True)
class Habit:
    """What is known of an endpoint's pages, from all lists of it so far."""

    longest: int = 0
    """Objects of its longest page."""
    ended: set[int] = field(default_factory=set)
    """Lengths of pages without link behind which nothing came."""
    capped: set[int] = field(default_factory=set)
    """Lengths of pages without link behind which more came."""

    def is_last(self, size: int, least: int) -> bool:
        """Whether a page of so many objects, without any link, can have no other behind it."""
        return size < self.longest or (size < least and size in self.ended and size not in self.capped)


@dataclass(slots=True)
class _Reading:
    """A list as far as it is read."""

    endpoint: str
    by_id: bool
    habit: Habit
    size: int
    least: int
    found: dict[int, dict[str, Any]] = field(default_factory=dict)
    marks: set[Mark] = field(default_factory=lambda: set(_STARTS))
    number: int = 1
    """The page's number, where pages are counted."""
    blind: bool = False
    """The page was asked for without a link that says that there is one."""
    behind: int = 0
    """Objects of the page that a blind one was asked for behind."""
    empty: bool = False
    """The page before this one was empty, though a link led on from it."""

    def take(self, objects: list[dict[str, Any]]) -> int:
        """Add the objects; gives how many were new."""
        before = len(self.found)
        for entry in objects:
            self.found.setdefault(entry["id"], entry)
        return len(self.found) - before

    def linked(self, mark: Mark, fresh: int, size: int) -> Mark | None:
        """The page that a link leads to, or None where the list ends all the same."""
        if not size and (mark in self.marks or self.empty):
            return None
        if mark in self.marks:
            raise self.endless(f"the page after {mark} is {mark} again")
        if size and not fresh and not self.blind:
            raise self.endless(f"the page before {mark} holds only objects of pages before it")
        self.blind, self.empty = False, not size
        self.by_id = mark.parameter == "pageId"
        self.number = mark.value if not self.by_id else self.number
        return mark

    def learn(self, fresh: int, size: int) -> None:
        """Keep what a page that was asked for blindly shows of the page before it."""
        self.habit.longest = max(self.habit.longest, size)
        if self.blind and fresh:
            self.habit.capped.add(self.behind)
        elif self.blind and not size:
            self.habit.ended.add(self.behind)

    def onward(self, page: Page, fresh: int) -> Mark | None:
        """The page after one without any link, or None at the end."""
        size = len(page.objects)
        if not size:
            return None
        if not fresh:
            return self._by_number_instead(size)
        if self.habit.is_last(size, self.least):
            return None
        ids = [entry["id"] for entry in page.objects]
        if self.by_id and ids != sorted(ids):
            self.by_id = False  # not in the order of forward-only paging: behind the highest id, others would be missed
        self.number += 1
        self.blind, self.behind = True, size
        return Mark("pageId", max(ids)) if self.by_id else Mark("page", self.number)

    def _by_number_instead(self, size: int) -> Mark | None:
        """After a page that brought nothing new: this endpoint does not page by id, or not at all."""
        if self.blind and self.by_id:
            self.by_id, self.number = False, 2
            return Mark("page", 2)
        if self.blind and self.number == 2 and size < self.size:
            self.habit.ended.add(self.behind)
            return None
        raise self.endless(f"page {self.number} holds only objects of pages before it")

    def endless(self, what: str) -> EndlessPaging:
        return EndlessPaging(
            what,
            method="GET",
            endpoint=self.endpoint,
            advice="This server does not page as ConnectWise does; the list was not read to its end.",
        )


async def every_page(
    fetch: Callable[[Mark | None], Awaitable[Page]],
    *,
    paging: Paging,
    endpoint: str,
    habit: Habit | None = None,
    at_most: int | None = None,
    size: int = PAGE_SIZE,
    least: int = LEAST_CAP,
) -> list[dict[str, Any]]:
    """All objects of a list, each once. `fetch` is given where the page begins, None for the first.

    `habit` is what is known of the endpoint, and learns; `at_most` is how many objects the list can have. Raises
    `EndlessPaging` for a page that leads back, or brings nothing new, or has a `next` that cannot be read.
    """
    reading = _Reading(endpoint, _BY_ID[paging], habit or Habit(), size, least)
    mark: Mark | None = None
    while True:
        page = await fetch(mark)
        if mark is not None:
            reading.marks.add(mark)
        fresh = reading.take(page.objects)
        reading.learn(fresh, len(page.objects))
        if at_most is not None and len(reading.found) >= at_most:
            break
        links = links_of(page.link, reading.marks, endpoint)
        if links.next is not None:
            mark = reading.linked(links.next, fresh, len(page.objects))
        elif links.some:
            break
        else:
            mark = reading.onward(page, fresh)
        if mark is None:
            break
    return list(reading.found.values())


@dataclass(frozen=True, slots=True)
class Links:
    """What a `Link` header says of the pages around: where the next one begins, and whether any page is named."""

    next: Mark | None
    some: bool


def links_of(link: str | None, seen: Collection[Mark], endpoint: str) -> Links:
    """The pages that a `Link` header names; `seen` are the marks of pages that are read already.

    A `next` that keeps the `pageId` of a page that was read beside a new `page` leads by number. Raises
    `EndlessPaging` for a `next` that cannot be read: a list that ended there would be taken for whole.
    """
    nexts, some = [], False
    for url, parameters in _LINK.findall(link or ""):
        rel = _REL.search(parameters)
        names = (rel[1] or rel[2] or rel[3]).lower().split() if rel else []
        some = some or not _PAGES.isdisjoint(names)
        if "next" in names:
            nexts.append(url)
    marks = [mark for url in nexts for mark in _marks(url)]
    if marks:
        return Links(next((mark for mark in marks if mark not in seen), marks[0]), some)
    if nexts or _SAYS_NEXT.search(link or ""):
        raise EndlessPaging(
            "the Link header of a page leads on in a form that is not understood",
            method="GET",
            endpoint=endpoint,
            advice="A next page is named by page=N or pageId=N. The list was not read to its end; report this answer.",
        )
    return Links(None, some)


def _marks(url: str) -> list[Mark]:
    """The marks that a URL names, that by id first."""
    try:
        query = urlsplit(unescape(url)).query
    except ValueError:
        query = unescape(url).partition("?")[2]
    given = {name.lower(): value for name, value in parse_qsl(query)}
    parameters: tuple[Parameter, Parameter] = ("pageId", "page")
    return [
        Mark(parameter, int(value))
        for parameter in parameters
        if (value := given.get(parameter.lower(), "").strip()).isascii()
        and value.isdigit()
        and len(value) <= _LONGEST_NUMBER
    ]
