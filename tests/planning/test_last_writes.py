"""Tests of what a plan says of our last writes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.ledger.records import LastWrite
from reconciler.planning.action import Action, Change, LastWritten
from reconciler.planning.last_writes import with_last_writes
from tests.planning.builders import NOW, action


def told(*changes: Change, fields: dict[str, Any], object_id: int | None = 7, **more: Any) -> Action:
    """Return the action that updates a product or company, after our write of some fields to object 7."""
    made = action(more.pop("address", "Product/gb"), **{"action": "update", "id": 7, "changes": changes, **more})
    (found,) = with_last_writes([made], {made.address: LastWrite(object_id, fields, NOW)})
    return found


def last(change: Change, **more: Any) -> tuple[Any, bool] | None:
    (found,) = told(change, **more).changes
    return None if found.last_written is None else (found.last_written.value, found.last_written.edited)


PRICE = Change(path="price", before="0.2", after="0.18", number=True)


def test_a_value_that_differs_from_our_last_write_was_edited() -> None:
    assert last(PRICE, fields={"price": Decimal("0.15")}) == ("0.15", True)


def test_a_value_as_we_wrote_it_was_not_edited() -> None:
    assert last(PRICE, fields={"price": Decimal("0.20")}) == ("0.2", False)


def test_a_field_that_we_wrote_empty_is_not_one_that_we_never_wrote() -> None:
    assert last(PRICE, fields={"price": None}) == (None, True)
    assert last(PRICE, fields={"cost": 1}) is None


def test_a_link_has_the_name_that_the_plan_knows() -> None:
    def status(name: str, number: int) -> dict[str, Any]:
        return {"name": name, "id": number}

    change = Change(path="status", before=status("Inactive", 2), after=status("Active", 1))
    company = {"address": "Company/acme", "kind": "Company"}
    assert last(change, fields={"status": {"id": 2}}, **company) == (status("Inactive", 2), False)
    assert last(change, fields={"status": {"id": 1}}, **company) == (status("Active", 1), True)
    assert last(change, fields={"status": {"id": 9}}, **company) == ({"name": "9", "id": 9}, True)


def test_the_time_of_the_last_write_is_that_of_the_object() -> None:
    assert told(PRICE, fields={}).written_at == NOW
    assert told(fields={}, action="create", id=None).written_at == NOW


def test_a_write_to_another_object_does_not_count() -> None:
    assert told(PRICE, fields={"price": 1}, object_id=8) == told(PRICE, fields={"price": 1}, object_id=8).model_copy()
    assert told(PRICE, fields={"price": 1}, object_id=8).written_at is None
    unknown = action("Product/gb", action="update", id=7, changes=(PRICE,))
    assert with_last_writes([unknown], {}) == (unknown,)


def test_only_whole_fields_of_updates_have_a_value() -> None:
    entry = Change(path="customFields.Region", before="A", after="B")
    kinds = Change(path="types", before=[], after=[{"name": "Customer", "id": 1}])
    company = {"address": "Company/acme", "kind": "Company"}
    assert last(entry, fields={"customFields": []}, **company) is None
    assert last(kinds, fields={"types": []}, **company) is None
    assert last(PRICE, fields={"price": 1}, action="retire") is None


def test_a_secret_has_no_value() -> None:
    secret = Change(path="password", after={"env": "X"}, sensitive=True)
    assert last(secret, fields={"password": "(sensitive)"}, address="IntegratorLogin/a", kind="IntegratorLogin") is None


def test_the_json_of_a_change_has_the_value_only_if_it_is_known() -> None:
    assert "last_written" not in PRICE.model_dump()
    known = PRICE.model_copy(update={"last_written": LastWritten(value="0.15", edited=True)})
    assert known.model_dump()["last_written"] == {"value": "0.15", "edited": True}
    assert known.intent == PRICE.intent
