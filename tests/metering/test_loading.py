"""Tests of what is loaded from the ledger for customers that are measured by hour."""

from __future__ import annotations

from reconciler.kinds.meters import BUILT_IN
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.customer_measure import measure
from reconciler.metering.history import History
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import Span, period_of

from .builders import HOUR, NOON, SETTINGS, rule, snapshot

COLUMNS = ("I32", "I81")


def test_the_values_of_columns_from_before_the_loaded_pulls_are_loaded(ledger: Ledger) -> None:
    for at in (NOON - 60 * 24 * HOUR, NOON):
        values = {"I32": "2", "I81": "Physical"} if at < NOON else {"I32": "2"}
        samples = (Sample("cove", "1", "a", at, 5, values),)
        record_pull(ledger, Pull("cove", at, at, "whole", (Customer("cove", "1", "A"),), samples, columns=COLUMNS))
    servers = rule("1", measure="peak", meter=BUILT_IN["physical-servers"], unit=None)
    found = load_snapshots(ledger, {"cove": "GB"}, [servers], SETTINGS, NOON, exclusions=[])["cove"]
    assert [(each.device_id, dict(each.values)) for each in found.values_before] == [
        ("a", {"I32": "2", "I81": "Physical"})
    ]


def test_an_hour_in_which_the_meter_of_the_allowance_is_unknown_cannot_be_chosen() -> None:
    period = period_of(NOON, "UTC")
    span = Span(period.start, period.end, NOON, 6 * HOUR, 24 * HOUR)
    used, nothing = (History(snapshot(each), span) for each in ({"1": {"a": 5}}, {"2": {"b": 1}}))
    peak = rule("1", measure="peak")
    current = used.customer_now("1")
    assert measure(peak, used, current, period.start, other=used) is not None
    assert measure(peak, used, current, period.start, other=nothing) is None
