"""`usage preview` shows what the next invoice of each agreement will hold."""

from __future__ import annotations

from decimal import Decimal

from tests.cli.test_reconcile_planted import Estate, estate
from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes

__all__ = ["estate"]


@prepared
def billed(shop: Shop) -> Shop:
    """Return a shop with two customers, one hour after their first apply, with another device pulled."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    shop.advance()
    shop.world.add_device(ALDER, shop.time, 20 * 10**9)
    shop("usage", "pull")
    for row in shop.tenant.tables["agreement"].rows.values():
        row.data["nextInvoiceDate"] = "2026-11-01T00:00:00Z"
    return shop


def test_every_agreement_is_previewed_without_a_pull_or_a_write(billed: Shop) -> None:
    billed.sandbox.log.clear()
    said = billed("usage", "preview")
    assert said.code == 0
    assert writes(billed) == []
    assert "2 agreements, 0 with uncertain parts." in said.out


def test_a_customer_a_mapping_and_an_agreement_show_their_lines(billed: Shop) -> None:
    found = [
        billed("--json", "usage", "preview", what).json
        for what in ("cove/1001001", "CustomerMapping/alder-dental", "Agreement/alder-dental")
    ]
    for each in found:
        (agreement,) = each["agreements"]
        (line,) = agreement["lines"]
        assert line["address"] == "Addition/alder-dental.storage:backup-gb"
        assert (line["stands"]["quantity"], line["after_plan"]["quantity"]) == ("121", "141")
        assert (agreement["stands"], agreement["after_plan"]) == ("18.15", "21.15")
    assert "121 → 141" in billed("usage", "preview", "cove/1001001").out


def test_an_address_without_an_agreement_names_the_nearest_one(billed: Shop) -> None:
    said = billed("usage", "preview", "Agreement/alder")
    assert said.code == 1
    assert "there is no agreement in ConnectWise for Agreement/alder" in said.err


def test_a_held_line_says_why(billed: Shop) -> None:
    billed.fault("html@/jsonapi")
    billed("usage", "pull")
    found = billed("--json", "usage", "preview", "cove/1001001").json
    (uncertain,) = found["agreements"][0]["uncertain"]
    assert uncertain.startswith("Addition/alder-dental.storage:backup-gb stays as it stands: the pull at")


def test_a_mapping_whose_billing_starts_later_waits(billed: Shop) -> None:
    billed.edit(
        "customers/alder-dental.yaml", '  managedId: "1001001"\n', '  managedId: "1001001"\n  start: 2027-01-01\n'
    )
    waits = billed("--json", "usage", "preview", "cove/1001001").json["agreements"][0]["waits"]
    assert waits == [
        {
            "what": "CustomerMapping/alder-dental",
            "why": "is waiting: billing starts on 2027-01-01",
            "amount": None,
        }
    ]


def test_the_next_invoices_have_exactly_what_was_previewed(estate: Estate) -> None:
    shop = estate.shop
    for index, name in enumerate(("rolling", "own", "twin", "free", "begins", "ends")):
        estate.add(name, 100 + 10 * index, ", prorate: true" if name in ("begins", "ends") else "")
    estate.add("arrears", 200, ", invoiced: arrears, prorate: true")
    estate.add("each", 210)
    shop.edit("customers/each.yaml", "  agreement: each\n", "  agreement: each\n  lines: perPeriod\n")
    shop.apply()
    shop.advance(0.5)
    shop.tenant.tables["agreement"].rows[estate.agreement("own")["id"]].data["billAmount"] = Decimal(50)
    estate.copy("twin", "twin", quantity=7, unitPrice=1)
    estate.edit("free", billCustomer="NoCharge")
    estate.copy("begins", "begins", effectiveDate="2026-11-15T00:00:00Z")
    estate.edit("ends", cancelledDate="2026-11-10T00:00:00Z")
    assert previewed(estate) == invoiced(estate)
    shop.advance(24 * 29 + 6)
    shop.apply("--only", "usage")
    shop.advance(24)
    shop.apply("--only", "usage")
    second = previewed(estate)
    assert second == invoiced(estate)
    assert second["each"] == ("2026-12-01", "2026-12-31", Decimal("31.5"))


def previewed(estate: Estate) -> dict[str, tuple[str, str, Decimal]]:
    """Return the days and the amount of the next invoice of each agreement."""
    found = estate.shop("--json", "usage", "preview").json["agreements"]
    return {each["name"]: (each["invoice"]["from"], each["invoice"]["to"], Decimal(each["stands"])) for each in found}


def invoiced(estate: Estate) -> dict[str, tuple[str, str, Decimal]]:
    """Make the next invoice of each agreement, and return the same of it."""
    names = {row["id"]: row["name"] for row in estate.shop.get("/finance/agreements")}
    return {
        names[each["agreement"]]: (each["period"]["first"], each["period"]["last"], Decimal(each["total"]))
        for each in estate.control("invoices")
    }
