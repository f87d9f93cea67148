"""A close freezes each charge with its terms, its figures and its additions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from reconciler.closing.frozen import billed, frozen
from reconciler.closing.rule_version import version_of
from reconciler.kinds.billing_rules import BillingSettings, Exclusion
from reconciler.reporting.report import ReportLine
from tests.additions.scene import Scene
from tests.planning.builders import NOW

SETTINGS = BillingSettings("Europe/Berlin")
LINE = ReportLine(
    address="Addition/acme.storage:backup-gb@2026-11",
    addition_id=101,
    agreement="backup",
    product="backup-gb",
    description=None,
    quantity=Decimal(120),
    unit_price=Decimal("0.25"),
    amount=Decimal(30),
    first_day=date(2026, 11, 1),
    last_day=date(2026, 11, 30),
)


def test_a_charge_is_frozen_with_what_it_gave_and_what_bills_it(scene: Scene) -> None:
    scene.uses({"77": "119.5"})
    (month,) = [scene.planned()]
    (rule,) = scene.to_charge().rules
    charge = next(iter(month.records.charges))
    version = version_of([rule], SETTINGS, [Exclusion("lab", "cove", "77", "a laboratory", device_id="d9")])
    found = frozen(rule, {"agreement": ["backup", 9]}, charge, [LINE], version=version, as_of=NOW)
    assert (found["customer"], found["mapping"], found["charge"]) == ("cove/77", "CustomerMapping/acme", "storage")
    assert (found["lines"], found["terms"]) == ("rolling", {"agreement": ["backup", 9]})
    assert (found["quantity"], found["unit"], found["amount"]) == ("120", "GB", "30")
    assert found["additions"][0]["quantity"] == "120"
    assert (found["version"], found["as_of"]) == (version.digest, NOW.isoformat())
    assert [each["name"] for each in found["exclusions"]] == ["lab"]
    assert found["rated"] == [{"product": "gb", "quantity": "120", "unit_price": "0.25", "amount": "30"}]
    assert billed([found]) == 30


def test_a_charge_without_terms_figures_or_additions_has_none_of_them(scene: Scene) -> None:
    (rule,) = scene.to_charge().rules
    found = frozen(rule, None, None, [], version=version_of([rule], SETTINGS, ()), as_of=NOW)
    assert (found["terms"], found["quantity"], found["amount"], found["additions"]) == (None, None, None, [])
    assert found["rated"] is None
    assert billed([found]) == 0
