"""Which page follows, where a list ends, and which lists would never end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise import EndlessPaging
from reconciler.connectwise.paging import Links, Page, PageStart, Paging, PagingHistory, parse_links, read_all_pages

FIRST = '<http://x/?pageId=0>; rel="first"'


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number} for number in ids]


def following(number: int, parameter: str = "pageId") -> str:
    return f'<http://x/?{parameter}={number}>; rel="next"'


class Pages:
    """Pages that are returned one after the other; `starts` are the starts that were requested."""

    def __init__(self, *pages: Page) -> None:
        self._pages = list(pages)
        self.starts: list[str] = []

    async def __call__(self, start: PageStart | None) -> Page:
        self.starts.append(str(start or ""))
        return self._pages.pop(0) if len(self._pages) > 1 else self._pages[0]


async def read(pages: Pages, paging: Paging = "forward-only", **more: Any) -> list[dict[str, Any]]:
    """Read a list with pages of up to 4 objects, whose server has a default page size of 2."""
    return await read_all_pages(pages, paging=paging, endpoint="/x", **{"page_size": 4, "default_size": 2, **more})


async def test_the_request_after_a_short_page_without_a_link_is_sent_once_per_endpoint() -> None:
    history = PagingHistory()
    for starts in (["", "pageId=1"], [""], [""]):
        pages = Pages(Page(rows(1), None), Page([], None))
        assert await read(pages, history=history) == rows(1)
        assert pages.starts == starts


async def test_an_endpoint_with_pages_of_one_object_is_read_to_its_end() -> None:
    history = PagingHistory()
    for _ in range(2):
        pages = Pages(Page(rows(1), None), Page(rows(2), None), Page([], None))
        assert await read(pages, history=history) == rows(1, 2)


async def test_the_request_after_a_page_that_may_be_limited_is_sent_every_time() -> None:
    history = PagingHistory()
    for _ in range(2):
        pages = Pages(Page(rows(1, 2), None), Page([], None))
        assert await read(pages, history=history) == rows(1, 2)
        assert pages.starts == ["", "pageId=2"]


async def test_a_page_whose_link_has_no_next_is_the_last() -> None:
    pages = Pages(Page(rows(1, 2, 3, 4), FIRST))
    assert await read(pages) == rows(1, 2, 3, 4)
    assert pages.starts == [""]


@pytest.mark.parametrize("link", ["<http://x/style.css>; rel=preload", "nonsense", "<http://x/?pageId=9>", ""])
async def test_a_link_that_names_no_page_does_not_end_the_list(link: str) -> None:
    pages = Pages(Page(rows(1, 2, 3, 4), link), Page([], link))
    assert await read(pages) == rows(1, 2, 3, 4)
    assert pages.starts == ["", "pageId=4"]


async def test_a_full_page_without_a_link_may_be_followed_by_an_empty_one() -> None:
    pages = Pages(Page(rows(1, 2, 3, 4), None), Page([], None))
    assert await read(pages) == rows(1, 2, 3, 4)
    assert pages.starts == ["", "pageId=4"]


async def test_after_a_page_that_may_be_limited_the_next_is_requested_without_a_link() -> None:
    pages = Pages(Page(rows(1, 2), None), Page(rows(3, 4), None), Page(rows(5), None))
    assert await read(pages) == rows(1, 2, 3, 4, 5)
    assert pages.starts == ["", "pageId=2", "pageId=4"]


async def test_a_page_shorter_than_another_of_the_endpoint_is_the_last() -> None:
    pages = Pages(Page(rows(1, 2, 3), None), Page(rows(4, 5), None))
    assert await read(pages) == rows(1, 2, 3, 4, 5)
    assert pages.starts == ["", "pageId=3"]


async def test_a_page_without_a_link_among_pages_with_links_is_not_the_last() -> None:
    pages = Pages(Page(rows(1, 2), following(2)), Page(rows(3, 4), None), Page(rows(5), None))
    assert await read(pages) == rows(1, 2, 3, 4, 5)


async def test_a_list_with_all_objects_that_it_can_have_ends() -> None:
    pages = Pages(Page(rows(1, 2, 3, 4), None))
    assert await read(pages, at_most=4) == rows(1, 2, 3, 4)
    assert pages.starts == [""]


async def test_a_short_page_whose_link_has_a_next_is_not_the_last() -> None:
    pages = Pages(Page(rows(4), "<http://x/?pageId=4>; rel=next"), Page(rows(7), FIRST))
    assert await read(pages) == rows(4, 7)
    assert pages.starts == ["", "pageId=4"]


async def test_navigable_links_are_followed_although_forward_only_was_requested() -> None:
    pages = Pages(
        Page(rows(1, 2, 3, 4), following(2, "page")), Page(rows(5, 6, 7, 8), following(3, "page")), Page(rows(9), FIRST)
    )
    assert await read(pages) == rows(1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert pages.starts == ["", "page=2", "page=3"]


async def test_after_navigable_links_a_full_page_without_a_link_is_followed_by_number() -> None:
    pages = Pages(Page(rows(1, 2, 3, 4), following(2, "page")), Page(rows(5, 6, 7, 8), None), Page(rows(9), None))
    assert await read(pages) == rows(1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert pages.starts == ["", "page=2", "page=3"]


async def test_an_endpoint_without_paging_by_id_and_without_links_is_read_by_number() -> None:
    first = Page(rows(1, 2, 3, 4), None)
    pages = Pages(first, first, Page(rows(5, 6), None))
    assert await read(pages) == rows(1, 2, 3, 4, 5, 6)
    assert pages.starts == ["", "pageId=4", "page=2"]


async def test_a_page_that_is_not_sorted_by_id_is_followed_by_number() -> None:
    pages = Pages(Page(rows(9, 3, 4, 1), None), Page(rows(2), None))
    assert await read(pages) == rows(9, 3, 4, 1, 2)
    assert pages.starts == ["", "page=2"]


async def test_an_endpoint_without_paging_is_read_once() -> None:
    pages = Pages(Page(rows(1, 2, 3), None))
    assert await read(pages) == rows(1, 2, 3)
    assert pages.starts == ["", "pageId=3", "page=2"]


async def test_an_empty_page_ends() -> None:
    assert await read(Pages(Page([], None))) == []
    assert await read(Pages(Page(rows(1, 2), following(2)), Page([], following(2)))) == rows(1, 2)


async def test_an_empty_page_with_a_next_link_is_followed_once() -> None:
    pages = Pages(Page([], following(9)), Page(rows(12), FIRST))
    assert await read(pages) == rows(12)
    pages = Pages(Page([], following(9)), Page([], following(10)), Page(rows(12), FIRST))
    assert await read(pages) == []


async def test_navigable_pages_are_counted_up_and_a_repeated_object_is_returned_once() -> None:
    pages = Pages(Page(rows(1, 2, 3, 4), None), Page(rows(4, 5), following(3, "page")), Page(rows(6), None))
    assert await read(pages, "navigable") == rows(1, 2, 3, 4, 5, 6)
    assert pages.starts == ["", "page=2", "page=3"]


@pytest.mark.parametrize("paging", ["forward-only", "navigable"])
async def test_a_server_that_repeats_a_full_page_is_an_error(paging: Paging) -> None:
    with pytest.raises(EndlessPaging, match="no new objects"):
        await read(Pages(Page(rows(1, 2, 3, 4), None)), paging)


@pytest.mark.parametrize(
    "link",
    [following(0), following(1, "page"), '<http://x/?pageId=0&page=1>; rel="next"', following(4)],
)
async def test_a_next_link_to_an_earlier_page_is_an_error(link: str) -> None:
    with pytest.raises(EndlessPaging, match="again"):
        await read(Pages(Page(rows(1, 2, 3, 4), following(4)), Page(rows(5, 6, 7, 8), link)))


async def test_next_links_to_pages_without_new_objects_are_an_error() -> None:
    with pytest.raises(EndlessPaging, match="no new objects"):
        await read(Pages(Page(rows(1, 2), following(2)), Page(rows(1, 2), following(3))))


NEXT_BY_ID = [
    '<https://h/x?pageId=12&pageSize=1000>; rel="next"',
    "<https://h/x?PAGEID=12>; rel=next",
    "<https://h/x?pageId=12>; rel='next'",
    "<https://h/x?pageId=12>; REL = NEXT",
    "<?pageId=12>; rel=next",
    "</v4_6_release/apis/3.0/x?pageId=12>; rel=next",
    "<https://h/x?a=1&amp;pageId=12>; rel=next",
    "<https://[broken/x?pageId=12>; rel=next",
    '<https://h/x?pageId=1>; rel="prev", <https://h/x?pageId=12>; title="a, b"; rel="next"',
    '<https://h/x?conditions=name%3D"a,b"&pageId=12>; rel="next"',
    '<https://h/x?pageId=12>; rel="last next"',
    '<https://h/x?pageId=5&page=12>; rel="next"',
    '<https://h/x?pageId=12>; rel="next", <https://h/x?pageId=99>; rel="next"',
]


@pytest.mark.parametrize("link", NEXT_BY_ID)
def test_the_next_page_is_read_from_the_link_header(link: str) -> None:
    found = parse_links(link, {PageStart("pageId", 5)}, "/x")
    assert found.next in {PageStart("pageId", 12), PageStart("page", 12)}
    assert found.any


@pytest.mark.parametrize(
    ("link", "any_page"),
    [
        (None, False),
        ("", False),
        ("nonsense", False),
        ("<https://h/x?pageId=12>", False),
        ("<https://h/x>; rel=nextish", False),
        ('<https://h/x?pageId=12>; rel="last"', True),
        ('<https://h/x?pageId=12>; rel="first"; title="next"', True),
    ],
)
def test_a_link_header_without_next_has_no_next_page(link: str | None, any_page: bool) -> None:
    assert parse_links(link, (), "/x") == Links(None, any_page)


@pytest.mark.parametrize(
    "link",
    [
        '<https://h/x?cursor=abc>; rel="next"',
        '<https://h/x?pageId=twelve>; rel="next"',
        '<https://h/x?pageId=-1>; rel="next"',
        f'<https://h/x?pageId={"9" * 5000}>; rel="next"',
        '<https://h/x>; rel="next"',
        'https://h/x?pageId=12; rel="next"',
        '<https://h/x?pageId=12; rel="next"',
    ],
)
async def test_a_next_link_in_an_unknown_form_is_an_error_and_not_the_end(link: str) -> None:
    with pytest.raises(EndlessPaging, match="unknown form"):
        await read(Pages(Page(rows(1), link)))


@given(st.text())
def test_no_text_in_a_link_header_raises_anything_else(link: str) -> None:
    try:
        parse_links(link, (), "/x")
    except EndlessPaging:
        assert "next" in link.lower()


@given(
    st.sets(st.integers(1, 500)),
    st.integers(2, 7),
    st.sampled_from(["none", "forward", "navigable", "navigable without link", "sometimes"]),
    st.booleans(),
)
async def test_every_object_is_returned_once_in_every_form_of_paging(
    ids: set[int], cap: int, form: str, last: bool
) -> None:
    table = rows(*sorted(ids))
    asked = 0

    async def fetch(start: PageStart | None) -> Page:
        nonlocal asked
        asked += 1
        if form.startswith("navigable"):
            number = start.value if start and start.parameter == "page" else 1
            page, more = table[(number - 1) * cap : number * cap], number * cap < len(table)
            link = following(number + 1, "page") if more else ""
        else:
            rest = [row for row in table if row["id"] > (start.value if start else 0)]
            page, more = rest[:cap], len(rest) > cap
            link = following(page[-1]["id"]) if more else ""
        if form in {"none", "navigable without link"} or (form == "sometimes" and asked % 2):
            link = ""
        elif last and not more:
            link = FIRST
        return Page(page, link or None)

    found = await read_all_pages(fetch, paging="forward-only", endpoint="/x", page_size=7, default_size=2)
    assert found == table
    assert asked <= len(ids) // cap + 3
