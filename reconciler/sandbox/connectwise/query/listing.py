"""Read lists of the store: filter, sort and cut rows into pages, and link to the other pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from reconciler.sandbox.connectwise.query import conditions, selection
from reconciler.sandbox.connectwise.query.predicates import Predicate
from reconciler.sandbox.connectwise.schema.errors import bad_query
from reconciler.sandbox.connectwise.schema.views import View
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row, fold

PAGE_SIZE: Final = 25
"""The number of rows on a page when the request does not say."""
MAX_PAGE_SIZE: Final = 1000
"""The largest page size that a request can ask for."""
PARAMETERS: Final = frozenset(
    ("conditions", "childConditions", "customFieldConditions", "orderBy", "fields", "page", "pageSize", "pageId")
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and the query of each page around it by its relation (`next`, `prev`, `first`, `last`)."""

    rows: list[Row]
    links: dict[str, str]


class Lists:
    """Lists of a store. Indexes by value are built on first use and dropped at the next write.

    While `dates_wrong` is set, conditions with a time in them select all rows (fault `dates-wrong`).
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = -1
        self._indexes: dict[tuple[str, str], dict[Any, list[Row]]] = {}
        self._ordered: dict[str, list[Row]] = {}
        self.dates_wrong = False

    def rows(self, view: View, parent: int | None, query: Mapping[str, str]) -> list[Row]:
        """Return all rows that a query selects, in its order."""
        text = query.get("conditions", "").strip()
        filters = self._filters(view, query, text)
        found = selection.filtered(self._candidates(view, parent, text), filters)
        order = query.get("orderBy", "").strip()
        return selection.order(view.table, view.fields, order, found) if order else found

    def page(
        self,
        view: View,
        parent: int | None,
        query: Mapping[str, str],
        *,
        forward_only: bool,
        most: int = MAX_PAGE_SIZE,
        overlap: bool = False,
    ) -> Page:
        """Return one page of at most `most` rows. A page past the end is empty.

        With `overlap` the page starts with the last row of the page before it, as when rows are added meanwhile.
        """
        size = _number(query, "pageSize", PAGE_SIZE, 1)
        if size > MAX_PAGE_SIZE:
            raise bad_query(f"The pageSize must be between 1 and {MAX_PAGE_SIZE}")
        size = min(size, most)
        if forward_only:
            return self._forward(view, parent, query, size, overlap=overlap)
        rows = self.rows(view, parent, query)
        number = _number(query, "page", 1, 1)
        last = max(1, -(-len(rows) // size))
        links = {}
        if number < last:
            links["next"], links["last"] = _with(query, "page", number + 1), _with(query, "page", last)
        if number > 1:
            links["first"], links["prev"] = _with(query, "page", 1), _with(query, "page", min(number - 1, last))
        start = (number - 1) * size
        return Page(rows[max(0, start - overlap) : start + size], links)

    def _forward(self, view: View, parent: int | None, query: Mapping[str, str], size: int, *, overlap: bool) -> Page:
        if query.get("orderBy"):
            raise bad_query("orderBy cannot be used with forward-only paging")
        after = _number(query, "pageId", 0, 0)
        every = self.rows(view, parent, query)
        rows = [row for row in every if row.id > after]
        page = rows[:size]
        # The vendor says that a Link is always sent [docs]: the last page links to the first one.
        links = (
            {"next": _with(query, "pageId", page[-1].id)} if len(rows) > size else {"first": _with(query, "pageId", 0)}
        )
        before = [row for row in every if row.id == after] if overlap and page else []
        return Page([*before, *page], links)

    def _filters(self, view: View, query: Mapping[str, str], text: str) -> list[Predicate]:
        filters: list[Predicate] = []
        if text:
            filters.append(selection.predicate(view.table, view.fields, text))
            if self.dates_wrong and "[" in text:
                filters.clear()
        if child := query.get("childConditions", "").strip():
            filters.append(selection.child_predicate(view.table, view.fields, child))
        if custom := query.get("customFieldConditions", "").strip():
            filters.append(selection.custom_predicate(custom))
        return filters

    def _candidates(self, view: View, parent: int | None, text: str) -> list[Row]:
        self._renew()
        table = self._store.tables[view.table]
        if parent is not None:
            if (view.by and view.by != view.parent) or view.table == "subCategory":
                return [row for row in table.rows.values() if row.data[view.by]["id"] == parent]
            return sorted(table.children.get(parent, {}).values(), key=lambda row: row.id)
        if text and len(table.rows) > MAX_PAGE_SIZE // 10:
            for name, values in conditions.equalities(conditions.parse(text)).items():
                return self._looked_up(view, name, values)
        rows = self._ordered.get(view.table)
        if rows is None:
            rows = self._ordered[view.table] = list(table.rows.values())
        return rows

    def _looked_up(self, view: View, name: str, values: tuple[Any, ...]) -> list[Row]:
        key = (view.table, name)
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = {}
            get = selection.found(view.table, view.fields, name, "conditions").get
            for row in self._store.tables[view.table].rows.values():
                held = get(row.data)
                if held is not None:
                    index.setdefault(fold(held) if isinstance(held, str) else held, []).append(row)
        rows = {row.id: row for value in values for row in index.get(value, ())}
        return [rows[key] for key in sorted(rows)]

    def _renew(self) -> None:
        if self._version != self._store.version:
            self._version = self._store.version
            self._indexes.clear()
            self._ordered.clear()


def _number(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise bad_query(f"The {name} must be a number of at least {least}")
    return int(text)


def _with(query: Mapping[str, str], name: str, value: int) -> str:
    return urlencode({**query, name: str(value)})
