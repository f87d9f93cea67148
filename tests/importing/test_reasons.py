"""An object or field that is left out is named in plain words, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.importing.reasons import plainly, title
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind


@pytest.mark.parametrize(
    ("of", "raw", "company", "text"),
    [
        ("Contact", {"firstName": "Ann", "lastName": "Miller"}, "Acme Inc.", "Contact Ann Miller of Acme Inc. (id 7)"),
        ("Contact", {"lastName": None}, "Acme Inc.", "Contact without a name of Acme Inc. (id 7)"),
        ("Company", {"identifier": "ACME", "name": "Acme\nInc."}, "", "Company Acme Inc. (id 7)"),
        ("Product", {"identifier": "BACKUP-GB"}, "", "Product BACKUP-GB (id 7)"),
        ("ManagementSolution", {"managementSolution": {"name": "Cove"}}, "A", "ManagementSolution Cove of A (id 7)"),
    ],
)
def test_an_object_is_called_by_its_name_and_its_company(of: str, raw: dict[str, Any], company: str, text: str) -> None:
    assert title(kind(of), LiveObject(of, 7, raw), company) == text


@pytest.mark.parametrize(
    ("of", "reason", "plain"),
    [
        ("Contact", "email is missing", "it has no e-mail address"),
        ("Agreement", "startDate is missing", "it has no start date"),
        ("Company", "zip has 20 characters", "its postal code has 20 characters"),
        (
            "ManagementSolution",
            "managedId cannot be 1e5: it must be digits only",
            "its Managed ID is 1e5, which a manifest cannot have: it must be digits only",
        ),
        ("Product", "productClass cannot be Odd", "its product class is Odd, which a manifest cannot have"),
        (
            "Product",
            "price: a unit price has at most six decimals",
            "its price cannot be declared: a unit price has at most six decimals",
        ),
        (
            "Product",
            "type cannot be declared: 'A' is ambiguous in the setup table /t: id 1, id 2",
            "its type cannot be declared: several entries of the setup table /t are called 'A': id 1, id 2",
        ),
        (
            "Agreement",
            "ConnectWise has no Contact id 5, and no manifest declares it",
            "it names Contact id 5, which is gone",
        ),
        ("Agreement", "a plan would not recognise the object", "a plan would not recognise the object"),
        ("", "email is missing", "email is missing"),
    ],
)
def test_a_reason_is_said_in_plain_words(of: str, reason: str, plain: str) -> None:
    assert plainly(of, reason) == plain
