"""Tests of a role of the API user that lacks rights, and of other errors of the backup console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from .console import CUSTOMERS, Console, device, pull_of, refusal, used
from .servers import Reply, as_json


class Strict(Console):
    """A console whose role may not read some columns. A call that names one of them fails."""

    def __init__(self, *refused: str) -> None:
        super().__init__(CUSTOMERS, [device(1, 10, "5"), device(2, 20, "7")])
        self.refused = refused

    def good(self, call: Mapping[str, Any]) -> Reply:
        query = call["params"].get("query", {})
        named = {*query.get("Columns", ()), query.get("OrderBy", "").split(" ")[0]}
        return refusal(13501, "security reasons") if named & set(self.refused) else super().good(call)


async def test_a_column_that_the_role_may_not_read_is_named() -> None:
    found = await pull_of(Strict("I14"))
    assert found.state == "failed"
    assert "the API user's role may not read the column I14 (used storage in bytes)" in str(found.error)
    assert "security reasons (code -32603, data 13501)" in str(found.error)
    assert "give the API user a role that may read it" in str(found.error)


async def test_if_the_role_may_read_no_statistics_the_error_names_the_requested_columns() -> None:
    found = await pull_of(Strict("I14", "I0"))
    assert "the request asked for the columns I14, sorted by I0" in str(found.error)


async def test_if_the_role_may_not_sort_devices_are_read_unsorted_and_a_note_says_so() -> None:
    found = await pull_of(Strict("I0"))
    assert used(found) == {"10": 5, "20": 7}
    assert found.notes == ("the API user's role may not sort devices by id (column I0); give the role that right",)


@pytest.mark.parametrize("column", ["I1", "I3", "I8", "I32", "I59", "I77", "I81"])
async def test_a_role_without_rights_to_other_columns_can_read_usage(column: str) -> None:
    assert used(await pull_of(Strict(column))) == {"10": 5, "20": 7}


async def test_another_error_during_the_search_for_a_refused_column_is_reported() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumerateAccountStatistics"] = [refusal(13501), refusal(77, "strange")]
    assert "strange" in str((await pull_of(console)).error)


async def test_the_error_for_a_method_that_the_role_may_not_call_has_advice() -> None:
    console = Console()
    console.instead["EnumeratePartners"] = [refusal(13501)]
    assert "give the API user a role that may call it\n" in str((await pull_of(console)).error) + "\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"code": -1, "data": 77, "message": "strange"}, "strange (code -1, data 77)"),
        ({"code": -1, "data": True}, "no message (code -1, data True)"),
        ("broken", "broken"),
        (["broken", 3], "['broken', 3]"),
        ({"message": {"en": "no"}}, "{'en': 'no'}"),
        ({"message": "a\n b" * 400}, "a ba ba b"),
    ],
)
async def test_any_other_error_is_shown_as_the_console_sent_it(error: Any, message: str) -> None:
    console = Console()
    console.instead["EnumeratePartners"] = [as_json({"error": error})]
    assert f"the console refused EnumeratePartners: {message}" in str((await pull_of(console)).error)
