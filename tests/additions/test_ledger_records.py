"""The records of additions in the ledger after an apply."""

from __future__ import annotations

from typing import Any

from reconciler.additions.ledger_records import AdditionRecord, LinkedObject, billed_additions
from reconciler.planning.outcome import Outcome, Result


def record(product: str, number: int | None, *, changes: bool = True, **more: Any) -> AdditionRecord:
    agreement: LinkedObject = more.pop("agreement", (9, None))
    tag = more.pop("tag", "rc:cove/77/acme/storage")
    address = f"Addition/acme.storage:{product}"
    return AdditionRecord(address, number, agreement, (6, None), changes, tag, ("cove", "77"), {"quantity": "5"}, "r1")


def outcome(**status: str) -> Outcome:
    addresses = {"setup": "Agreement/acme"}
    results = [
        Result.model_validate(
            {
                "address": addresses.get(name, f"Addition/acme.storage:{name}"),
                "action": "create",
                "status": each,
                "id": 50 if each in ("done", "already") else None,
            }
        )
        for name, each in status.items()
    ]
    return Outcome(plan_digest="sha256:1", results=tuple(results))


def test_an_addition_without_a_change_is_recorded_also_without_an_outcome() -> None:
    (billed,) = billed_additions([record("gb", 12, changes=False)], None)
    assert (billed.addition_id, billed.agreement_id, billed.product_id) == (12, 9, 6)


def test_a_created_addition_is_recorded_with_the_ids_that_the_apply_made() -> None:
    (billed,) = billed_additions(
        [record("gb", None, agreement=(None, "Agreement/acme"))], outcome(gb="done", setup="done")
    )
    assert (billed.addition_id, billed.agreement_id) == (50, 50)


def test_a_link_without_a_result_has_no_id() -> None:
    (billed,) = billed_additions([record("gb", None, agreement=(None, "Agreement/other"))], outcome(gb="already"))
    assert billed.agreement_id is None


def test_a_charge_is_recorded_as_a_whole_or_not_at_all() -> None:
    both = [record("gb", 12), record("tb", None)]
    assert billed_additions(both, outcome(gb="done", tb="failed")) == []
    other = record("pb", 14, changes=False, tag="rc:cove/78/other/storage")
    assert [each.addition_id for each in billed_additions([*both, other], outcome(gb="done"))] == [14]


def test_an_addition_without_an_id_is_not_recorded() -> None:
    assert billed_additions([record("gb", None, changes=False)], None) == []
