"""What matching is given."""

from __future__ import annotations

from reconciler.importing.matching.model import Customer


def test_a_customer_is_known_by_its_source_and_its_id() -> None:
    assert Customer("cove", "1001", "Acme").key == ("cove", "1001")
