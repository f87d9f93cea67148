"""Check the days of dated prices: a price that begins inside a month, and a month in which no price is in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.kinds.dated_prices import DatedPrice, entry_in_force
from reconciler.manifests.defaults import Defaults
from reconciler.manifests.documents import Document
from reconciler.manifests.meter_rules import charges_of
from reconciler.manifests.positions import Path
from reconciler.manifests.report import Location, Report


def check_price_dates(
    documents: Iterable[Document], defaults: Defaults, workspace: Document | None, now: datetime | None, report: Report
) -> None:
    """Report what is wrong with the days of dated prices, each once, also if it comes from `Defaults`.

    `now` is the moment for which a price must be in force. None: this is not checked.
    """
    month = None if now is None or workspace is None else _month(now, workspace)
    seen: set[Location] = set()
    for document in documents:
        for path, prices in _lists(document):
            place = _place(document, path, defaults)
            if place in seen:
                continue
            seen.add(place)
            _check_inside_a_month(place, prices, report)
            if month is not None and _is_billed(document, month):
                _check_in_force(place, prices, max(month, _first_month(document)), document, report)


def _month(now: datetime, workspace: Document) -> date | None:
    """Return the first day of the billing month. None if the workspace has errors."""
    billing = _get(workspace, "billing")
    return None if billing is None else now.astimezone(ZoneInfo(billing.timezone)).date().replace(day=1)


def _lists(document: Document) -> Iterator[tuple[Path, tuple[DatedPrice, ...]]]:
    """Yield each list of dated prices of a spec, with its path."""
    for path, charge in charges_of(document):
        if prices := charge.get("prices"):
            yield (*path, "prices"), prices
        for index, each in enumerate(charge.get("ranges") or ()):
            if each.prices:
                yield (*path, "ranges", index, "prices"), each.prices


def _place(document: Document, path: Path, defaults: Defaults) -> Location:
    """Return where the list is written: in the document, or in the `Defaults` that fill it in."""
    field = str(path[0])
    if field not in document.defaulted:
        return Location(document.origin, ("spec", *path))
    filled = defaults.of(document.origin.file.rpartition("/")[0], document.kind)
    return Location(filled[field][1], ("spec", document.kind.name, *path))


def _check_inside_a_month(place: Location, prices: tuple[DatedPrice, ...], report: Report) -> None:
    for index, entry in enumerate(prices):
        if entry.works_from != entry.from_:
            report.add(
                Location(place.origin, (*place.path, index, "from")),
                f"{entry.from_} is inside a month: this price works from {entry.works_from} on",
                f'write "{entry.works_from}", if you mean that day',
                warning=True,
            )


def _check_in_force(
    place: Location, prices: tuple[DatedPrice, ...], month: date, document: Document, report: Report
) -> None:
    plain = document.kind.collection is not None and _get(document, "price") is not None
    if entry_in_force(prices, month) is None and not plain:
        report.add(
            Location(place.origin, (*place.path, 0, "from")),
            f"no price is in force in {month:%Y-%m}: the first one works from {prices[0].works_from} on",
            "add the price of that month, as an entry with an earlier day",
        )


def _is_billed(document: Document, month: date) -> bool:
    """Return whether a document needs a price in a month: it is not retired, and its mapping has not ended before."""
    end = _get(document, "end")
    return not document.retired and (end is None or end >= month)


def _first_month(document: Document) -> date:
    start: date | None = _get(document, "start")
    return date.min if start is None else start.replace(day=1)


def _get(document: Document, attribute: str) -> Any:
    """Return an attribute of a spec. None if a spec with errors lacks it."""
    return document.spec.__dict__.get(attribute)
