"""The rules between meters, the sources that they count, and the mappings that bill them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.meter import MeterSpec
from reconciler.kinds.meters import BUILT_IN, CONSOLE, ONLY_CONSOLE, REPORT_COLUMNS, RESERVED, Meter, meter_of
from reconciler.manifests.documents import Document, has_spec
from reconciler.manifests.positions import Path
from reconciler.manifests.references import Index
from reconciler.manifests.report import Location, Report
from reconciler.manifests.suggestions import did_you_mean, listed, nearest


def check_meters(
    meters: list[Document], mappings: list[Document], workspace: Document | None, index: Index, report: Report
) -> None:
    """Report every violation of the rules. `workspace` is the chosen one, or None if there is no single one."""
    usage = None if workspace is None else workspace.spec.__dict__.get("usage")
    types = None if usage is None else {each.name: each.type for each in usage}
    for document in meters:
        _own_name(document, report)
        if workspace is not None and types is not None:
            _source_exists(document, workspace, types, report)
            _counts_one_thing(document, types, report)
    for mapping in mappings:
        for path, charge in charges_of(mapping):
            _check_charge(mapping, ("spec", *path), charge, types or {}, index, report)


def _own_name(document: Document, report: Report) -> None:
    """Report a meter with a name that is built in or that has another meaning."""
    if document.name not in RESERVED:
        return
    what = "is built in" if document.name in BUILT_IN else "is no name for a meter"
    report.add(Location(document.origin, ("metadata", "name")), f"{document.name} {what}", "choose another name")


def _source_exists(document: Document, workspace: Document, types: Mapping[str, str], report: Report) -> None:
    source = document.spec.__dict__.get("source")
    if source is None or source in types:
        return
    there_are = f"its sources are {listed(types, 'and')}" if types else "add it to spec.usage"
    advice = did_you_mean(nearest(source, types)) or there_are
    location = Location(document.origin, ("spec", "source"))
    report.add(location, f"{workspace.address} has no usage source {source}", advice)


def _counts_one_thing(document: Document, types: Mapping[str, str], report: Report) -> None:
    """Report a meter that counts columns of the console's monthly report and of its hourly usage."""
    meter = _declared(document, types)
    own = frozenset[str]() if meter is None else meter.columns | ({meter.column} if meter.how != "count" else set())
    if meter is None or not meter.reported or own <= REPORT_COLUMNS:
        return
    what = f"{document.address} counts the console's monthly report and its hourly usage"
    report.add(Location(document.origin, ("spec",)), what, "use columns of one of the two")


def charges_of(mapping: Document) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield each charge of a mapping with its place in the spec. A spec with errors can lack fields."""
    spec = mapping.spec.__dict__
    several = spec.get("charges")
    if several is None:
        yield (), spec
    for place, charge in enumerate(several or ()):
        yield ("charges", place), charge.__dict__


def _check_charge(
    mapping: Document, path: Path, charge: Mapping[str, Any], types: Mapping[str, str], index: Index, report: Report
) -> None:
    customer, included = mapping.spec.__dict__.get("customer"), charge.get("included")
    source = None if customer is None else customer.source
    meter = _meter((*path, "meter"), charge.get("meter"), mapping, source, types, index, report)
    _check_measure(mapping, path, charge, meter, report)
    if included is None:
        return
    place = (*path, "included", "per")
    if included.per == "device" and meter is not None and meter.how != "sum":
        what = f"an allowance per device does not go with meter {meter.name}, which is a {_number(meter)}"
        report.add(Location(mapping.origin, place), what, "write `per: customer`")
    if included.per in ("customer", "device"):
        return
    other = _meter(place, included.per, mapping, source, types, index, report)
    _check_measure(mapping, path, charge, other, report)
    if other is not None and other.unit is not None:
        what = f"an allowance per unit of a meter needs a count, and {other.name} counts bytes"
        report.add(Location(mapping.origin, place), what, "name a meter of devices, such as physical-servers")


def _check_measure(
    mapping: Document, path: Path, charge: Mapping[str, Any], meter: Meter | None, report: Report
) -> None:
    """Report a charge that measures the hours of the console's monthly report, which has one value for the month."""
    if meter is None or not meter.reported or charge.get("measure", "last") == "last":
        return
    what = (
        f"measure {charge['measure']} does not go with meter {meter.name}: the console's report has the highest values "
        "of the month so far, and none of each hour"
    )
    report.add(Location(mapping.origin, (*path, "measure")), what, "write `measure: last`, or leave it out")


def _number(meter: Meter) -> str:
    return "count of devices" if meter.how == "count" else "count of different values"


def _meter(
    path: Path,
    name: str | None,
    mapping: Document,
    source: str | None,
    types: Mapping[str, str],
    index: Index,
    report: Report,
) -> Meter | None:
    """Return a meter of a mapping, and report it if its source is another one. None if there is none."""
    if name is not None and name in BUILT_IN:
        if name in ONLY_CONSOLE and types.get(source or "", CONSOLE) != CONSOLE:
            what = f"meter {name} needs columns of the backup console, and {source} is a {types[source or '']} source"
            report.add(Location(mapping.origin, path), what, "declare a Meter for the columns of that source")
        return BUILT_IN[name]
    document = index.by_address.get(f"Meter/{name}")
    if document is None or not has_spec(document, MeterSpec):
        return None
    its_source = document.spec.__dict__.get("source")
    if source is not None and its_source is not None and its_source != source:
        report.add(
            Location(mapping.origin, path),
            f"{document.address} counts the devices of {its_source}, at {{other}}, and this customer is in {source}",
            f"use a meter of {source}",
            other=Location(document.origin, ("spec", "source")),
        )
    return _declared(document, types)


def _declared(document: Document, types: Mapping[str, str]) -> Meter | None:
    """Return the meter that a document declares. None if it has errors, which are reported."""
    if not has_spec(document, MeterSpec):
        return None
    try:
        return meter_of(document.name, document.spec, types.get(str(document.spec.source), ""))
    except AttributeError:
        return None
