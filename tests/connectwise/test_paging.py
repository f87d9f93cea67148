"""Where a list ends, and where it would not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise import EndlessPaging
from reconciler.connectwise.paging import Page, Paging, every_page, next_mark


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number} for number in ids]


class Pages:
    """Pages given out one after the other; `marks` are those that were asked for."""

    def __init__(self, *pages: Page) -> None:
        self._pages = list(pages)
        self.marks: list[int | None] = []

    async def __call__(self, mark: int | None) -> Page:
        self.marks.append(mark)
        return self._pages.pop(0) if len(self._pages) > 1 else self._pages[0]


async def read(pages: Pages, paging: Paging = "forward-only", **more: Any) -> list[dict[str, Any]]:
    return await every_page(pages, paging=paging, endpoint="/x", size=2, **more)


async def test_a_short_page_is_the_last() -> None:
    pages = Pages(Page(rows(1), None))
    assert await read(pages) == rows(1)
    assert pages.marks == [None]


async def test_a_full_page_whose_link_has_no_next_is_the_last() -> None:
    pages = Pages(Page(rows(1, 2), '<http://x/?pageId=1>; rel="first"'))
    assert await read(pages) == rows(1, 2)
    assert pages.marks == [None]


async def test_a_full_page_without_link_may_be_followed_by_an_empty_one() -> None:
    pages = Pages(Page(rows(1, 2), None), Page([], None))
    assert await read(pages) == rows(1, 2)
    assert pages.marks == [None, 2]


async def test_where_links_are_sent_a_full_page_without_one_is_the_last() -> None:
    pages = Pages(Page(rows(1, 2), '<http://x/?pageId=2>; rel="next"'), Page(rows(3, 4), None))
    assert await read(pages) == rows(1, 2, 3, 4)
    assert pages.marks == [None, 2]


async def test_a_short_page_whose_link_has_a_next_is_not_the_last() -> None:
    pages = Pages(Page(rows(4), "<http://x/?pageId=4>; rel=next"), Page(rows(7), None))
    assert await read(pages) == rows(4, 7)
    assert pages.marks == [None, 4]


async def test_an_empty_page_ends_whatever_its_link_says() -> None:
    pages = Pages(Page([], '<http://x/?pageId=9>; rel="next"'))
    assert await read(pages) == []


async def test_without_link_the_next_page_starts_behind_the_highest_id() -> None:
    pages = Pages(Page(rows(9, 3), None), Page(rows(11), None))
    assert await read(pages) == rows(9, 3, 11)
    assert pages.marks == [None, 9]


async def test_navigable_pages_are_numbered_on_and_an_object_seen_twice_counts_once() -> None:
    pages = Pages(Page(rows(1, 2), None), Page(rows(2, 3), '<http://x/?page=3>; rel="next"'), Page(rows(4), None))
    assert await read(pages, "navigable") == rows(1, 2, 3, 4)
    assert pages.marks == [None, 2, 3]


async def test_reading_can_start_behind_an_id() -> None:
    pages = Pages(Page(rows(8), None))
    assert await read(pages, after=7) == rows(8)
    assert pages.marks == [7]


@pytest.mark.parametrize("link", [None, '<http://x/?pageId=2&page=2>; rel="next"'])
@pytest.mark.parametrize("paging", ["forward-only", "navigable"])
async def test_a_server_that_repeats_a_page_is_found_out(link: str | None, paging: Paging) -> None:
    with pytest.raises(EndlessPaging, match="only objects of pages before it"):
        await read(Pages(Page(rows(1, 2), link)), paging)


async def test_objects_without_id_cannot_be_paged_blindly() -> None:
    with pytest.raises(EndlessPaging, match="without id"):
        await read(Pages(Page([{"name": "a"}, {"name": "b"}], None)))


@pytest.mark.parametrize(
    ("link", "mark"),
    [
        (None, None),
        ("", None),
        ("nonsense", None),
        ('<https://h/x?pageId=12&pageSize=1000>; rel="next"', 12),
        ("<https://h/x?PAGEID=12>; rel=next", 12),
        ('<https://h/x?pageId=1>; rel="prev", <https://h/x?pageId=12>; title="a, b"; rel="next"', 12),
        ('<https://h/x?pageId=12>; rel="last next"', 12),
        ('<https://h/x?pageId=12>; rel="last"', None),
        ('<https://h/x?page=12>; rel="next"', None),
        ('<https://h/x?pageId=twelve>; rel="next"', None),
        ("<https://h/x?pageId=12>", None),
    ],
)
def test_the_next_page_is_what_the_link_header_says(link: str | None, mark: int | None) -> None:
    assert next_mark(link, "forward-only") == mark


@given(st.text())
def test_no_link_header_is_too_broken_to_read(link: str) -> None:
    next_mark(link, "navigable")


@given(st.sets(st.integers(1, 500)), st.integers(1, 7), st.booleans())
async def test_every_object_comes_once_however_many_there_are(ids: set[int], size: int, linked: bool) -> None:
    table = rows(*sorted(ids))
    asked = 0

    async def fetch(mark: int | None) -> Page:
        nonlocal asked
        asked += 1
        rest = [row for row in table if row["id"] > (mark or 0)]
        page = rest[:size]
        link = f'<http://x/?pageId={page[-1]["id"]}>; rel="next"' if len(rest) > size else '<http://x/>; rel="first"'
        return Page(page, link if linked else None)

    assert await every_page(fetch, paging="forward-only", endpoint="/x", size=size) == table
    assert asked == (max(1, -(-len(ids) // size)) if linked else len(ids) // size + 1)
