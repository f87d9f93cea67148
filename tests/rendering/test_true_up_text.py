"""The console's own count of a month beside our samples, as text."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.paint import plain
from reconciler.rendering.true_up_text import true_up_text

CUSTOMER = {"customer": "cove/77", "name": "Acme", "difference": "8", "money": "2", "devices": [{}, {}]}


def text(**more: Any) -> list[str]:
    found = {
        "source": "cove",
        "state": "compared",
        "why": None,
        "devices": 2000,
        "without_figure": 0,
        "ours": "1230.1",
        "console": "1238.1",
        "difference": "8",
        "money": "2",
        "unknown_money": 0,
        "customers": [CUSTOMER],
        **more,
    }
    return list(true_up_text(found, "USD", plain))


def test_the_sums_come_first_then_each_customer_that_differs() -> None:
    lines = text()
    assert lines[0] == "The high-water report of cove: 2,000 devices, 1,238.10 GB. Our samples: 1,230.10 GB."
    assert lines[1] == "The console counts +8.00 GB more, worth 2.00 USD:"
    assert lines[-1].split() == ["cove/77", "Acme", "2", "+8.00", "2.00", "USD"]


def test_no_difference_is_said() -> None:
    assert text(customers=[])[1:] == ["Every device has the same highest figure in both."]


def test_money_that_is_not_known_is_named() -> None:
    lines = text(unknown_money=1, customers=[{**CUSTOMER, "money": None}])
    assert lines[1] == "The console counts +8.00 GB more, worth 2.00 USD and 1 customer without a known price:"
    assert lines[-1].endswith("unknown")


def test_devices_without_a_figure_are_named() -> None:
    assert text(without_figure=3)[1] == "Not compared, because the report gives no figure: 3 devices."


def test_only_the_largest_differences_are_listed() -> None:
    assert text(customers=[CUSTOMER] * 22)[-1] == "2 more customers: --json shows all."


def test_no_report_and_an_empty_one_are_two_things() -> None:
    assert text(state="unavailable", why="no network") == ["No high-water report of cove: no network"]
    assert text(state="empty") == ["The high-water report of cove has no device, so nothing is compared."]
