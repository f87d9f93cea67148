"""Random changes of what a customer is billed are applied and undone: nothing is billed twice, and all is named.

The runs adopt a line that was made by hand, change prices, move lines to another product or agreement, and end them.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.server.running import RunningSandbox
from tests.shop import ALDER, Shop, open_shop

FILE = "customers/alder-dental.yaml"
HISTORIES = int(os.environ.get("UNDO_HISTORIES", "10"))
FIGURES: Counter[str] = Counter()
"""The numbers of the histories, for `make undo`."""
BY_HAND = {
    "quantity": 5,
    "unitPrice": Decimal("0.30"),
    "billCustomer": "Billable",
    "effectiveDate": "2026-11-01T00:00:00Z",
}


@dataclass(frozen=True)
class Bills:
    """How the customer is billed, and what it uses in GB."""

    product: str
    price: str
    """The price of the product."""
    own_price: str | None
    agreement: str
    end: str | None
    usage: int


bills = st.builds(
    Bills,
    st.sampled_from(["backup-gb", "other"]),
    st.sampled_from(["0.15", "0.18", "0.2"]),
    st.none() | st.sampled_from(["0.1", "0.12"]),
    st.sampled_from(["alder-dental", "alder-dental", "second"]),
    st.none() | st.none() | st.just("2026-11-15"),
    st.sampled_from([100, 100, 120]),
)


@dataclass(frozen=True)
class History:
    """What is billed before a run and after it, and what happens until its undo."""

    before: Bills
    after: Bills
    adopts: str | None
    """The run that adopts a line made by hand: `before` or `after`."""
    hours: int
    """Hours with another run between the run and its undo. 0: no run."""
    invoiced: str | None
    """The agreements are invoiced up to this day before the undo."""


histories = st.builds(
    History,
    bills,
    bills,
    st.sampled_from([None, None, "before", "after"]),
    st.sampled_from([0, 0, 1, 5]),
    st.none() | st.sampled_from(["2026-12-01", "2027-01-01"]),
)


def document(kind: str, document_name: str, /, **spec: Any) -> str:
    made = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": document_name}, "spec": spec}
    return f"---\n{json.dumps(made)}\n"


def write(shop: Shop, how: Bills, *, adopts: bool) -> None:
    """Write the manifests and the usage of a customer that is billed in one way."""
    text = (
        (shop.folder / FILE).read_text(encoding="utf-8").split("---\napiVersion: reconciler/v1\nkind: CustomerMap")[0]
    )
    mapping: dict[str, Any] = {
        "customer": {"source": "cove", "id": "1001001"},
        "company": "alder-dental",
        "agreement": how.agreement,
        "managedId": "1001001",
        "product": how.product,
        **({} if how.own_price is None else {"price": float(how.own_price)}),
        **({} if how.end is None else {"end": how.end}),
        **({"adopt": True} if adopts else {}),
    }
    shop.write(FILE, text.split("---\n{")[0].rstrip() + "\n" + document("CustomerMapping", "alder-dental", **mapping))
    more = {"company": "alder-dental", "contact": "alder-dental"}
    product = {"identifier": "OTHER", "description": "Other", "customerDescription": "Other", "price": 0.5}
    shop.write(
        "more.yaml", document("Agreement", "second", name="Second", **more) + document("Product", "other", **product)
    )
    path = shop.folder / "products.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"price: 0\.\d+", f"price: {how.price}", text, count=1), encoding="utf-8")
    shop.uses(ALDER, str(how.usage))


def apply(shop: Shop) -> None:
    said = shop("apply", "--auto-approve", "--approve", "updates", "--approve", "retirements")
    assert said.code in (0, 5), said.out + said.err


def lines(shop: Shop) -> dict[int, Any]:
    return {row.id: dict(row.data) for row in shop.tenant.tables["addition"].rows.values()}


def billed(shop: Shop) -> Decimal:
    """Return the quantity that our lines bill next month and later, or until they end this month."""
    ours = [row for row in lines(shop).values() if str(row.get("serialNumber") or "").startswith("rc:")]
    return sum((Decimal(str(row["quantity"])) for row in ours if not row.get("cancelledDate")), Decimal(0))


def invoice(shop: Shop, until: str) -> None:
    for agreement in shop.get("/finance/agreements"):
        body = {
            "type": "Agreement",
            "company": {"id": agreement["company"]["id"]},
            "agreement": {"id": agreement["id"]},
        }
        following = agreement["nextInvoiceDate"]
        while following[:10] < until:
            assert shop.post_live("/finance/invoices", **body).status_code == 201
            following = shop.get(f"/finance/agreements/{agreement['id']}")["nextInvoiceDate"]


@settings(
    max_examples=HISTORIES,
    phases=[Phase.explicit, Phase.generate],  # shrinking a history takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(history=histories)
def test_an_undo_bills_nothing_twice_and_touches_nothing_that_is_not_ours(
    history: History,
    served: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for shop in open_shop(served, tmp_path_factory.mktemp("history"), patch, capsys):
            shop.only(ALDER)
            play(shop, history)


def play(shop: Shop, history: History) -> None:
    write(shop, history.before, adopts=False)
    shop.apply("--only", "setup")
    products = {each["identifier"]: each["id"] for each in shop.get("/procurement/catalog")}
    for agreement in shop.get("/finance/agreements"):
        path = f"/finance/agreements/{agreement['id']}/additions"
        for identifier in ("BACKUP-GB", "OTHER"):
            answer = shop.post_live(path, product={"id": products[identifier]}, **BY_HAND)
            assert answer.status_code == 201, answer.text
    write(shop, history.before, adopts=history.adopts == "before")
    apply(shop)
    shop.advance()
    write(shop, history.after, adopts=history.adopts is not None)
    apply(shop)
    run = shop("--json", "history").json["runs"][-1]["run"]
    if run == 2:
        FIGURES["histories without a change"] += 1
        return
    FIGURES["histories"] += 1
    if history.hours:
        shop.advance(history.hours)
        shop.uses(ALDER, str(history.after.usage + 1))
        apply(shop)
    if history.invoiced:
        invoice(shop, history.invoiced)
    standing, quantity = lines(shop), billed(shop)
    path = str(shop.folder.parent / "undo.json")
    planned = shop("--json", "plan", "--undo", str(run), "--out", path)
    assert planned.code in (0, 5), planned.err
    plan = planned.json
    said = shop("apply", path, "--approve", "updates", "--approve", "retirements")
    assert said.code in (0, 5), said.out + said.err
    FIGURES["undone actions"] += len(plan["actions"])
    FIGURES["left out and named"] += len(plan["warnings"])
    check_lines(standing, lines(shop), plan)
    most = max(history.before.usage, history.after.usage + 1)
    assert billed(shop) <= max(quantity, Decimal(most)), (quantity, billed(shop))
    check_named(shop, history, plan, later(shop, run))


def check_lines(before: dict[int, Any], after: dict[int, Any], plan: Any) -> None:
    """Check that an undo writes to lines of ours only, makes none, and names what is invoiced."""
    assert before.keys() == after.keys()
    for number, line in before.items():
        changed = {name for name in line.keys() | after[number].keys() if line.get(name) != after[number].get(name)}
        changed -= {"_info", "lastUpdated", "extendedPrice", "margin"}
        if not str(line.get("serialNumber") or "").startswith("rc:"):
            assert not changed, (number, changed)
        assert "quantity" not in changed
        assert "serialNumber" not in changed


def later(shop: Shop, run: int) -> set[str]:
    """Return the addresses that a run between the run and its undo wrote."""
    runs = [each["run"] for each in shop("--json", "history").json["runs"] if each["run"] > run and not each["undoes"]]
    return {each["address"] for run in runs for each in shop("--json", "history", "--run", str(run)).json["writes"]}


def check_named(shop: Shop, history: History, plan: Any, since: set[str]) -> None:
    """Check that the manifests of before change nothing more but quantities, what the undo named, and later runs."""
    write(shop, history.before, adopts=history.adopts is not None)
    told = " ".join(f"{note['address'] or ''} {note['message']}" for note in plan["warnings"])
    told += " ".join(since)
    for action in shop.plan()["actions"]:
        fields = {change["path"] for change in action["changes"]} - {"quantity"}
        assert not fields or action["address"].casefold() in told.casefold(), (
            action["address"],
            action["action"],
            action["changes"],
            told,
        )
