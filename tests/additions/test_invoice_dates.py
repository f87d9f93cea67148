"""When the agreement of each mapping is invoiced next."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.additions.invoice_dates import invoice_dates
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from tests.planning.builders import live_agreement, manifests, mapping

ADDRESS = "CustomerMapping/acme"
LINK = Link(id=9, name="Backup")


def dates(link: Link | None = LINK, **agreement: str) -> dict[str, date]:
    links = {} if link is None else {ADDRESS: {("agreement",): link}}
    live = LiveState(links=links, objects={("Agreement", 9): live_agreement(**agreement)})
    return dict(invoice_dates(manifests(mapping("acme")), live))


def test_it_is_the_next_invoice_date_of_the_agreement() -> None:
    assert dates(nextInvoiceDate="2026-12-01T00:00:00Z") == {ADDRESS: date(2026, 12, 1)}


@pytest.mark.parametrize("link", [None, Link(id=None, name="Backup"), Link(id=8, name="Other")])
def test_an_agreement_that_does_not_exist_has_none(link: Link | None) -> None:
    assert dates(link, nextInvoiceDate="2026-12-01T00:00:00Z") == {}


def test_an_agreement_without_a_date_has_none() -> None:
    assert dates() == {}
