"""Find the devices that no charge counts, although their mapping counts devices. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.additions.charge import ChargedCustomer
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.meters import NAME_IN_CONSOLE, NAME_IN_FILES
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.customer_now import CustomerNow
from reconciler.metering.history import History
from reconciler.metering.snapshot import DeviceId

_NAMES = (NAME_IN_CONSOLE, NAME_IN_FILES)
_BILLED = ("billed", "stale")
"""The states in which the newest pull lists the devices of a mapping."""


def uncounted_rows(
    charged: Iterable[tuple[Rule, ChargedCustomer]], histories: Mapping[str, History]
) -> Iterator[CoverageRow]:
    """Yield a row for each listed device that no count of its mapping takes, and that no exclusion names.

    `histories` are those of used storage, by source. A mapping without a count of devices has none. If one of its
    counts is not known, its devices are not either.
    """
    by_mapping: dict[str, list[tuple[Rule, ChargedCustomer]]] = defaultdict(list)
    for rule, customer in charged:
        if rule.meter.how == "count" and not rule.meter.reported and not rule.proposed:
            by_mapping[rule.name].append((rule, customer))
    for name, counts in by_mapping.items():
        listings = [each.current for _, each in counts if each.row.state in _BILLED]
        known = [each for each in listings if each is not None]
        if len(known) == len(counts):
            yield from _rows(name, counts[0][0], counts[0][1].row.name, known, histories[counts[0][0].source])


def _rows(
    mapping: str, rule: Rule, name: str, counts: Sequence[CustomerNow], history: History
) -> Iterator[CoverageRow]:
    names = _names(rule, history)
    counted = {device.device_id for current in counts for device in current.devices if device.bytes}
    for device in history.customer_now(rule.customer_id).devices:
        if device.device_id not in counted:
            yield CoverageRow(
                source=rule.source,
                customer_id=rule.customer_id,
                name=f"device {device.device_id}{_named(names.get(device.device_id))} of {name}",
                state="uncounted",
                effect="none",
                detail=f"no charge of CustomerMapping/{mapping} counts this device: add a charge for it, or exclude it",
                accounted=False,
                device_id=device.device_id,
            )


def _names(rule: Rule, history: History) -> Mapping[DeviceId, str]:
    """Return the names of the customer's devices in the newest pull, as far as the source gives them."""
    pull = history.source.whole
    samples = () if pull is None else pull.samples.get(rule.customer_id, ())
    return {each.device_id: each.values[column] for each in samples for column in _NAMES if column in each.values}


def _named(name: str | None) -> str:
    return "" if name is None else f" ({name})"
