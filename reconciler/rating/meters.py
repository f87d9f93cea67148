"""Find the meter that a charge names: a built-in one, or one that a document declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.kinds.billing_rules import RuleError
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.meter import MeterSpec
from reconciler.kinds.meters import BUILT_IN, CONSOLE, NAME_IN_CONSOLE, NAME_IN_FILES, Meter, meter_of
from reconciler.manifests.documents import Manifests


def meter_named(manifests: Manifests, source: str, name: str) -> Meter:
    """Return the meter with a name, for the customers of a source. Raises `RuleError` if there is none."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    document = manifests.find(MeterSpec, f"Meter/{name}")
    if document is None:
        raise RuleError(f"there is no Meter/{name}", where=f"usage source {source}", advice="declare it")
    types = {each.name: each.type for each in manifests.workspace.spec.usage}
    return meter_of(name, document.spec, types.get(source, ""))


def meters_of(manifests: Manifests, source: str) -> frozenset[Meter]:
    """Return the meters that the mappings of a source use, for charges and for allowances."""
    specs = (each.spec for each in manifests.of(CustomerMappingSpec) if each.spec.customer.source == source)
    return frozenset(meter_named(manifests, source, name) for spec in specs for name in _names(spec))


def _names(spec: CustomerMappingSpec) -> Iterator[str]:
    for _, charge in spec.each_charge():
        yield charge.meter
        if charge.included is not None and charge.included.per not in ("customer", "device"):
            yield charge.included.per


def has_reported(manifests: Manifests, source: str) -> bool:
    """Return whether a mapping of a source counts the console's monthly report."""
    return any(meter.reported for meter in meters_of(manifests, source))


def columns_of(meters: Collection[Meter]) -> frozenset[str]:
    """Return the columns that a source has to be asked for, beside used storage."""
    return frozenset[str]().union(*(each.columns for each in meters))


def numbers_of(meters: Collection[Meter]) -> frozenset[str]:
    """Return those of the columns whose values must be whole numbers."""
    return frozenset[str]().union(*(each.numbers for each in meters))


def label_of(meters: Collection[Meter], source_type: str) -> frozenset[str]:
    """Return the column that names devices, if one of the meters counts devices. A meter can need it itself."""
    name = NAME_IN_CONSOLE if source_type == CONSOLE else NAME_IN_FILES
    counts = any(each.how == "count" for each in meters)
    return frozenset({name} if counts else ()) - columns_of(meters)
