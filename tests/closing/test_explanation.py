"""An explanation goes from the line to the samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from reconciler.closing.explanation import Lines
from reconciler.closing.values import rule_values
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.runs import RunRecord, WriteRecord
from reconciler.ledger.snapshot import Approval, SeenEdit
from reconciler.manifests.documents import Document
from tests.additions.scene import Scene, live_product
from tests.planning.builders import NOW, addition, document, mapping, product

from .explaining import at, explained

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
