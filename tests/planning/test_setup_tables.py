"""Finding entries of setup tables by name."""

from __future__ import annotations

import pytest

from reconciler.kinds.field_mapping import Target
from reconciler.planning.setup_tables import SetupTables, UnknownEntryError
from tests.planning.builders import TABLES

AGREEMENT_TYPE = Target(table="finance/agreements/types")
SUBCATEGORY = Target(table="procurement/subcategories/", scope="category")


def why(target: Target, name: str, scope: str | None = None) -> str:
    with pytest.raises(UnknownEntryError) as unknown:
        SetupTables(TABLES).entry(target, name, scope)
    return str(unknown.value)


def test_an_entry_is_found_by_its_name_without_case_and_outer_spaces() -> None:
    found = SetupTables(TABLES).entry(SUBCATEGORY, " backup")
    assert (found.name, found.id) == ("Backup", 31)


def test_the_message_about_a_missing_entry_has_the_table_and_similar_names() -> None:
    message = why(AGREEMENT_TYPE, "Managed Servces")
    assert (
        message == "the setup table /finance/agreements/types has no 'Managed Servces'; did you mean 'Managed Service'?"
    )


def test_without_similar_names_the_message_lists_entries() -> None:
    assert why(AGREEMENT_TYPE, "xyz").endswith("it has Block Time, Managed Service")


def test_the_message_about_an_empty_table_says_so() -> None:
    assert why(Target(table="nowhere"), "x") == "the setup table /nowhere has no 'x'; it is empty"


def test_two_entries_with_one_name_are_ambiguous_and_both_are_listed() -> None:
    message = why(SUBCATEGORY, "Subscription")
    assert "ambiguous in the setup table /procurement/subcategories/" in message
    assert "id 32 (category 'Managed Services'), id 33 (category 'Software')" in message


def test_two_entries_without_an_owner_are_listed_by_id() -> None:
    twice = SetupTables({"t": [{"id": 1, "name": "A"}, {"id": 2, "name": "a"}]})
    with pytest.raises(UnknownEntryError, match="id 1, id 2"):
        twice.entry(Target(table="t"), "A")


def test_the_owner_decides_between_entries_with_one_name() -> None:
    assert SetupTables(TABLES).entry(SUBCATEGORY, "Subscription", "software").id == 33


def test_an_entry_of_another_owner_is_suggested_and_not_used() -> None:
    assert why(SUBCATEGORY, "Backup", "Software") == (
        "the setup table /procurement/subcategories/ has no 'Backup' with category 'Software'; "
        "it has one with 'Managed Services'"
    )


def test_the_name_of_an_owner_is_read_from_its_table_if_a_row_has_only_its_id() -> None:
    target = Target(table="subs", scope="category", scope_table="categories")
    subs = [{"id": 1, "name": "Backup", "category": {"id": 8}}, {"id": 2, "name": "Backup", "category": {"id": 9}}]
    tables = SetupTables({"subs": subs, "categories": [{"id": 8, "name": "Hardware"}, {"id": 9, "name": "Managed"}]})
    assert tables.entry(target, "Backup", "managed").id == 2
    with pytest.raises(UnknownEntryError, match="it has one with 'Hardware' and 'Managed'"):
        tables.entry(target, "Backup", "Software")


def test_a_name_that_fails_twice_is_looked_up_once() -> None:
    tables = SetupTables(TABLES)
    for _ in range(2):
        with pytest.raises(UnknownEntryError, match="Block"):
            tables.entry(AGREEMENT_TYPE, "Block Tim")


def rows(*rows: dict[str, object]) -> SetupTables:
    return SetupTables({"finance/agreements/types": [*rows]})


def test_an_active_entry_is_preferred_to_an_inactive_one_with_the_same_name() -> None:
    tables = rows({"id": 1, "name": "Backup", "inactiveFlag": True}, {"id": 2, "name": "Backup", "inactiveFlag": False})
    assert tables.entry(AGREEMENT_TYPE, "Backup").id == 2


def test_the_only_entry_with_a_name_is_used_even_if_it_is_inactive() -> None:
    assert rows({"id": 1, "name": "Backup", "inactiveFlag": True}).entry(AGREEMENT_TYPE, "Backup").id == 1


def test_entries_without_a_name_are_ignored() -> None:
    tables = rows({"id": 1, "name": None}, {"id": 2}, {"id": 3, "name": "  "}, {"id": 4, "name": "None"})
    assert tables.entry(AGREEMENT_TYPE, "none").id == 4
