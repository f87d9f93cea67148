"""An explanation goes from the line to the samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from reconciler.additions.live_additions import addition_of
from reconciler.additions.views import AdditionView
from reconciler.closing.closed_charges import ClosedCharge
from reconciler.closing.explanation import explain
from reconciler.closing.rule_version import version_of
from reconciler.closing.to_explain import LateUsage, Lines, OwnRule, ToExplain
from reconciler.closing.values import rule_values, version_values
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.ledger.bill_records import BillRecord, VersionRecord
from reconciler.ledger.runs import RunRecord, WriteRecord
from reconciler.ledger.snapshot import AcceptedGap, Approval, Close, SeenEdit
from reconciler.manifests.documents import Document
from tests.additions.scene import Scene, live_product
from tests.planning.builders import NOW, addition, document, mapping, product

from .explaining import at, explained, inputs_of, to_explain

ADDRESS = "Addition/acme.storage:gb"


def write(number: int, sent_at: object, **more: object) -> WriteRecord:
    values = {
        "id": number, "run_id": 1, "address": ADDRESS, "below": None, "action": "update", "reason": "usage",
        "method": "PATCH", "path": "finance/agreements/9/additions/99", "sent_at": sent_at, "answered_at": sent_at,
        "state": "done", "recovered": False, "object_id": 99, "error": None, "changes": None,
        "body": [{"op": "replace", "path": "/quantity", "value": Decimal(120)}],
        "answer": {"quantity": Decimal(120), "_info": {"lastUpdated": "2026-11-09T10:00:00Z"}},
    }  # fmt: skip
    return WriteRecord(**{**values, **more})  # type: ignore[arg-type]


def test_the_line_is_shown_as_it_stands_and_as_it_was_sent(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    number = scene.additions[0].id
    (line,) = explained(scene, lines=Lines(scene.planned().views, {}, {ADDRESS: "Backup per GB"}))["lines"]
    assert (line["address"], line["text"], line["monthly"], line["sent"]) == (ADDRESS, "Backup per GB", "30", None)
    (line,) = explained(scene)["lines"]
    assert (line["live"]["id"], line["sent"]["quantity"], line["text"]) == (number, "120", None)


def test_a_line_that_does_not_exist_yet_stands_nowhere(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    (line,) = explained(scene)["lines"]
    assert (line["live"], line["monthly"], line["sent"]) == (None, None, None)


def test_the_chosen_hour_has_each_device_with_its_figure(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    found = explained(scene)
    (charge,) = found["charges"]
    (hour,) = charge["hours"]["chosen"]
    assert hour["devices"] == [
        {"device": "d77", "bytes": 119_400_000_000, "read_at": "2026-11-10T12:00:00+00:00", "held": False}
    ]
    assert charge["lines"] == [{"product": "gb", "quantity": "120", "unit": "GB", "unit_price": "0.25", "amount": "30"}]
    assert found["period"]["name"] == "2026-11"
    assert found["period"]["running"] is True


def test_a_product_that_is_looked_up_is_named_by_its_look_up(scene: Scene) -> None:
    scene.declare(mapping(product={"identifier": "BACKUP-GB"}))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    assert charge["lines"][0]["product"] == {"identifier": "BACKUP-GB"}


def test_a_measure_begins_with_the_start_of_its_mapping(scene: Scene) -> None:
    scene.declare(mapping(start="2026-11-05"))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    assert charge["hours"]["from"] == "2026-11-04T23:00:00+00:00"


def test_a_customer_that_was_never_listed_has_no_chosen_hour(scene: Scene) -> None:
    scene.declare(mapping(minimum=50))
    scene.uses({"78": "1"})
    (charge,) = explained(scene)["charges"]
    assert charge["state"] == "zero"
    assert charge["hours"]["chosen"] == []


def test_an_excluded_customer_has_no_charge_and_the_reason(scene: Scene) -> None:
    scene.declare(exclusion())
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    assert (charge["state"], charge["steps"], charge["hours"]) == ("excluded", [], None)
    assert charge["rule"]["exclusions"] == [
        {"name": "Exclusion/lab", "device": None, "reason": "test machines", "until": "2026-11-30"}
    ]


def exclusion() -> Document:
    customer = {"source": "cove", "id": "77"}
    return document("Exclusion", "lab", {"customer": customer, "reason": "test machines", "until": "2026-11-30"})


def test_each_value_of_the_rule_says_where_it_comes_from(scene: Scene) -> None:
    scene.declare(mapping(measure="peak"))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    origins = {each["name"]: (each["value"], each["origin"]) for each in charge["rule"]["values"]}
    assert origins["measure"] == ("peak", "test.yaml:measure")
    assert origins["tiering"] == ("volume", "the default")
    assert origins["price of gb"] == ("0.25", "test.yaml:price")
    assert origins["unit"] == ("GB", "test.yaml:unit")
    assert origins["billing.timezone"] == ("Europe/Berlin", "test.yaml:timezone")
    assert origins["billing.maxAge"] == (6, "the default")
    assert "company" not in origins


def test_a_default_names_its_file_and_a_price_may_come_from_connectwise(scene: Scene) -> None:
    document = mapping(measure="peak")
    scene.declare(Document(**{**vars(document), "defaulted": {"measure": "defaults.yaml"}}))
    scene.declare(Document(**{**vars(product()), "declared": product().declared - {"price"}}))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    origins = {each["name"]: (each["value"], each["origin"]) for each in charge["rule"]["values"]}
    assert origins["measure"] == ("peak", "Defaults in defaults.yaml")
    assert origins["price of gb"] == ("0.25", "the product in ConnectWise")
    scene.live(live_product(price=None))
    (charge,) = explained(scene)["charges"]
    assert {"name": "price of gb", "value": None, "origin": "the product in ConnectWise"} in charge["rule"]["values"]


def test_a_price_of_the_mapping_is_a_value_of_the_mapping(scene: Scene) -> None:
    scene.declare(mapping(price=0.3))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    origins = {each["name"]: (each["value"], each["origin"]) for each in charge["rule"]["values"]}
    assert origins["price"] == ("0.3", "test.yaml:price")
    assert "price of gb" not in origins


def test_ranges_name_the_price_of_each_product_once(scene: Scene) -> None:
    ranges = [{"upTo": 10, "product": "gb"}, {"upTo": 20, "product": "gb"}, {"product": "gb", "price": 0.2}]
    scene.declare(mapping(product=None, ranges=ranges))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    assert [each["name"] for each in charge["rule"]["values"]].count("price of gb") == 1


def test_each_write_of_the_month_says_what_was_sent_answered_and_read_back(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    run = RunRecord(1, "sha256:x", NOW, NOW, "ann@desk", "abc", None, {}, interrupted=False)
    lost = {"answer": None, "answered_at": None}
    writes = [
        write(1, at(1, month=10)),
        write(2, at(30, month=10)),
        write(3, NOW),
        write(4, NOW, **lost, recovered=True),
        write(5, NOW, state="failed", error="quantity: 120 was sent, and 100 is stored"),
        write(6, NOW, **lost, state="failed", error="403 Forbidden"),
        write(7, NOW, **lost, state="unknown", error="the connection broke"),
        write(8, NOW, **lost, state="open", run_id=2),
        write(9, NOW + timedelta(days=30)),
    ]
    found = explained(scene, past={"writes": writes, "runs": {1: run}})["writes"]
    assert [each["write"] for each in found] == [2, 3, 4, 5, 6, 7, 8]
    assert [each["before_period"] for each in found] == [True, *[False] * 6]
    assert (found[1]["who"], found[1]["commit"], found[6]["who"]) == ("ann@desk", "abc", None)
    assert found[1]["sent"] == {"quantity": "120"}
    assert found[1]["answer"] == {"quantity": "120", "lastUpdated": "2026-11-09T10:00:00Z"}
    assert [each["read_back"] for each in found[1:]] == [
        "the answer has every value that was sent",
        "no answer came; a later run looked the line up and found what was sent",
        "the answer differs from what was sent: quantity: 120 was sent, and 100 is stored",
        "ConnectWise did not carry it out: 403 Forbidden",
        "no answer came: the connection broke",
        "no answer is recorded; the next run looks the line up",
    ]


def test_approvals_and_edits_by_hand_are_listed(scene: Scene) -> None:
    scene.live(addition())
    scene.uses({"77": "119.4"})
    approval = Approval("samples", "CustomerMapping/acme", "2026-11", "ann@desk", NOW)
    edit = SeenEdit(99, NOW, {"quantity": Decimal(130), "lastUpdated": None})
    found = explained(scene, past={"approvals": [approval], "hand_edits": [edit]})
    assert found["approvals"] == [
        {
            "guardrail": "samples",
            "address": "CustomerMapping/acme",
            "given_by": "ann@desk",
            "given_at": "2026-11-10T12:00:00+00:00",
        }
    ]
    assert found["hand_edits"] == [
        {
            "address": ADDRESS,
            "seen_at": "2026-11-10T12:00:00+00:00",
            "fields": {"quantity": "130", "lastUpdated": None},
        }
    ]


def test_a_proposed_mapping_is_explained_by_the_charge_that_it_would_have(scene: Scene) -> None:
    scene.declare(mapping(metadata={"proposed": True}))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    assert [each["step"] for each in charge["steps"]][-1] == "amount"


def test_a_source_that_the_workspace_does_not_have_gives_no_unit(scene: Scene) -> None:
    manifests = scene.manifests
    spec = manifests.workspace.spec.model_copy(update={"usage": ()})
    without = replace(manifests, workspace=replace(manifests.workspace, spec=spec))
    (document,) = without.of(CustomerMappingSpec)
    values = [
        each.name
        for each in rule_values(document, without, LiveState(), scene.period.first_day, lambda *_: "test.yaml")
    ]
    assert "unit" not in values
    assert "price of gb" not in values


def test_a_dated_price_is_that_of_the_month_with_its_place(scene: Scene) -> None:
    scene.declare(product(prices=[{"from": "2026-11-01", "price": 0.3}]))
    scene.uses({"77": "119.4"})
    (charge,) = explained(scene)["charges"]
    assert {"name": "price of gb", "value": "0.3", "origin": "test.yaml:prices"} in charge["rule"]["values"]


MONTH = "Addition/acme.storage:gb@2026-11"


def monthly(scene: Scene) -> ToExplain:
    """Return a month that is over, with a line of its own."""
    scene.declare(mapping(lines="perPeriod"))
    scene.uses({"77": "119.4"})
    raw = {"id": 99, "quantity": 120, "unitPrice": Decimal("0.25"), "product": {"id": 4}}
    line = addition_of(LiveObject("Addition", 99, raw, 9), "USD")
    view = AdditionView(MONTH, (), "up to date", "119.4 GB used", "acme", "cove/77", line)
    found = to_explain(scene, lines=Lines([view]))
    (rule,) = found.inputs.rules
    late = LateUsage(found.inputs, {("acme", "storage"): found.usage.charges[0]})
    return replace(found, at=found.usage.period.end, inputs=replace(found.inputs, rules=[rule]), late=late)


def closed(found: ToExplain, *left: AcceptedGap, **content: Any) -> ToExplain:
    """Return the month with its close, which has frozen its charge."""
    (rule,) = found.inputs.rules
    frozen = {"customer": "cove/77", "mapping": "CustomerMapping/acme", "charge": "storage", "amount": "30", **content}
    close = Close("2026-11", NOW, "ann@desk", "aa", (frozen,), left, (AcceptedGap("cove", "x", "y", "bob", "z"),))
    own = OwnRule(version_of([rule], found.inputs.settings, ()), NOW, ClosedCharge(frozen, close))
    past = replace(found.past, closes=[close])
    return replace(found, past=past, own={("acme", "storage"): own}, values={})


def test_a_closed_month_has_its_close_and_the_rule_that_it_froze(scene: Scene) -> None:
    month = closed(monthly(scene))
    found = explain(month)
    (close,) = found["closes"]
    assert (close["closed_by"], close["accepted"][0]["by"], close["left_open"]) == ("ann@desk", "bob", None)
    (charge,) = found["charges"]
    assert charge["rule"]["holds"] == {"from": "close", "at": "2026-11-10T12:00:00+00:00", "by": "ann@desk"}
    assert charge["frozen"]["amount"] == "30"
    assert {each["origin"] for each in charge["rule"]["values"]} == {"the close of 2026-11"}
    (line,) = found["lines"]
    assert (line["address"], line["state"]) == (MONTH, "closed")
    assert found["month"] == {"lines": "30", "adjustments": "0", "rated": "30", "due": "0"}
    assert found["as_of"] == found["made_at"]


def test_a_customer_that_was_left_open_is_still_planned(scene: Scene) -> None:
    found = explain(closed(monthly(scene), AcceptedGap("cove/77", "held", "asked them", "ann@desk", "z")))
    assert found["closes"][0]["left_open"]["reason"] == "asked them"
    assert found["lines"][0]["state"] == "up to date"


def test_without_a_close_the_last_run_recorded_the_rule(scene: Scene) -> None:
    month = closed(monthly(scene))
    own = replace(month.own["acme", "storage"], closed=None)
    record = VersionRecord(own.version.digest, {}, NOW, "abc")
    month = replace(month, past=replace(month.past, closes=()), own={("acme", "storage"): own})
    found = explain(replace(month, records={own.version.digest: record}))
    (charge,) = found["charges"]
    assert (charge["rule"]["holds"]["from"], charge["frozen"]) == ("run", None)
    assert charge["rule"]["in_use"] == {"since": "2026-11-10T12:00:00+00:00", "commit": "abc"}
    assert {each["origin"] for each in charge["rule"]["values"]} == {"the last run of 2026-11"}


def test_what_is_due_is_not_known_while_the_usage_of_the_month_is_not(scene: Scene) -> None:
    month = monthly(scene)
    (charge,) = month.usage.charges
    held = replace(charge, state="held", lines=(), trace=None, measured=None)
    found = explain(replace(month, late=LateUsage(month.inputs, {("acme", "storage"): held})))
    assert (found["month"]["rated"], found["month"]["due"]) == (None, None)


def test_a_month_with_lines_of_all_months_has_no_sum_of_its_own(scene: Scene) -> None:
    scene.hour({"77": "119.4"})
    found = to_explain(scene)
    assert explain(replace(found, at=found.usage.period.end))["month"] is None


def test_the_values_of_a_recorded_rule_are_those_of_its_version(scene: Scene) -> None:
    ranges = [{"upTo": 10, "product": "gb"}, {"product": "gb", "price": 0.2}]
    more = {"included": {"amount": 5, "per": "customer"}, "minimum": 3, "start": "2026-11-01", "end": "2026-12-31"}
    scene.declare(mapping(product=None, ranges=ranges, invoiceText="{quantity}", **more))
    scene.uses({"77": "119.4"})
    inputs = inputs_of(scene)
    found = {
        each.name: each.value for each in version_values(version_of(inputs.rules, inputs.settings, ()), "storage", "x")
    }
    assert found["ranges"] == [
        {"upTo": "10", "product": "gb", "price": "0.25"},
        {"product": "gb", "price": "0.2"},
    ]
    assert (found["included"], found["minimum"]) == ({"amount": "5", "per": "customer"}, "3")
    assert (found["start"], found["end"], found["invoiceText"]) == ("2026-11-01", "2026-12-31", "{quantity}")
    assert (found["billing.graceHours"], found["unit"]) == (24, "GB")


def test_what_the_month_before_was_billed_is_known_from_its_bill(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    lines = [{"product": "gb", "quantity": "100", "unit_price": "0.25", "amount": "25"}]
    bill = BillRecord("cove", "77", "storage", "acme", NOW, "sha256:1", lines)
    (charge,) = explained(scene, before={"storage": bill})["charges"]
    assert charge["before"] == {"lines": lines, "amount": "25"}
    unpriced = replace(bill, lines=[*lines, {**lines[0], "amount": None}])
    (charge,) = explained(scene, before={"storage": unpriced})["charges"]
    assert charge["before"]["amount"] is None
    (charge,) = explained(scene)["charges"]
    assert charge["before"] is None
