"""Tests of how many additions bill a mapping: one for all months, or one for each month."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.documents import Document
from reconciler.rating.line_kinds import may_bill_single_months
from tests.additions.scene import DECLARED, manifests_of
from tests.planning.builders import agreement, mapping


def may_bill(*changed: Document, **billing: Any) -> bool:
    by_address = {each.address: each for each in (*DECLARED, *changed)}
    return may_bill_single_months(manifests_of(by_address.values(), **billing))


def test_only_additions_of_single_months_make_the_month_before_matter() -> None:
    assert not may_bill()
    assert may_bill(agreement(invoiced="arrears"))
    assert may_bill(mapping(lines="perPeriod"))
    assert may_bill(lines="perPeriod")
