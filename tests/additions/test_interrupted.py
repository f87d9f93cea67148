"""Tests of a run that stops between the additions of one charge: the next run makes the other changes."""

from __future__ import annotations

import httpx

from tests.shop import CEDAR, Send, Shop

USAGE = ("--only", "usage")
LINES = "Cedar Logistics - Managed Backup"


def interrupted(shop: Shop) -> None:
    """Run an apply in which only the first update of an addition reaches ConnectWise."""
    writes = [0]

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "PATCH" and "/additions/" in request.url.path:
            writes[0] += 1
            if writes[0] > 1:
                raise httpx.ConnectError("the connection is lost")
        return await send(request)

    with shop.meddled(meddle):
        assert shop("apply", "--auto-approve", *USAGE).code == 4


def total(shop: Shop) -> int:
    return int(sum(quantity for quantity, _ in shop.additions(LINES).values()))


def test_an_interrupted_change_in_git_still_counts_as_one(shop: Shop) -> None:
    shop.only(CEDAR)
    shop.uses(CEDAR, "1250")
    shop.apply()
    shop.edit(
        "customers/cedar-logistics.yaml",
        "  tiering: graduated\n",
        "  tiering: graduated\n  included: {amount: 900, per: customer}\n",
    )
    interrupted(shop)
    assert total(shop) != 350

    shop.apply(*USAGE)
    assert total(shop) == 350


def test_an_interrupted_first_run_of_a_month_may_still_fall(shop: Shop) -> None:
    shop.only(CEDAR)
    shop.uses(CEDAR, "1250")
    shop.apply()
    shop.advance(24 * 30 + 12)
    shop.uses(CEDAR, "350")
    interrupted(shop)
    assert total(shop) != 350

    shop.apply(*USAGE)
    assert total(shop) == 350
