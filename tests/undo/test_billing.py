"""Random changes of what a customer is billed are applied and undone: nothing is billed twice, and all is named.

The runs adopt a line that was made by hand, change prices, price ranges and the name of a mapping, move lines to
another product or agreement, end them, and bill a customer whose mapping is gone or back. An undo is undone too.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.server.running import RunningSandbox
from tests.prepared import begin
from tests.shop import ALDER, Shop, open_shop

FILE = "customers/alder-dental.yaml"
HISTORIES = int(os.environ.get("UNDO_HISTORIES", "10"))
FIGURES: Counter[str] = Counter()
"""The numbers of the histories, for `make undo`."""
APPROVED = tuple(part for name in ("updates", "retirements", "money", "zero") for part in ("--approve", name))
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
    ranges: str = ""
    """`volume` or `graduated`: the quantity above 110 GB has the product `other`. Empty: one product."""
    name: str = "alder-dental"
    """The name of the mapping."""
    mapped: bool = True


bills = st.builds(
    Bills,
    st.sampled_from(["backup-gb", "other"]),
    st.sampled_from(["0.15", "0.18", "0.2"]),
    st.none() | st.sampled_from(["0.1", "0.12"]),
    st.sampled_from(["alder-dental", "alder-dental", "second"]),
    st.none() | st.none() | st.just("2026-11-15"),
    st.sampled_from([100, 100, 120]),
    st.sampled_from(["", "", "", "volume", "graduated"]),
    st.sampled_from(["alder-dental", "alder-dental", "alder-dental", "renamed"]),
    st.sampled_from([True, True, True, False]),
)
FIRST = Bills("backup-gb", "0.15", None, "alder-dental", None, 100)


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
    prunes: bool = False
    """Whether the run ends lines whose mapping is gone."""
    undoes_undo: bool = False


histories = st.builds(
    History,
    bills,
    bills,
    st.sampled_from([None, None, "before", "after"]),
    st.sampled_from([0, 0, 1, 5]),
    st.none() | st.none() | st.sampled_from(["2026-12-01", "2027-01-01"]),
    st.booleans(),
    st.booleans(),
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
        **prices(how),
        **({} if how.end is None else {"end": how.end}),
        **({"adopt": True} if adopts else {}),
    }
    mapped = document("CustomerMapping", how.name, **mapping) if how.mapped else ""
    shop.write(FILE, text.split("---\n{")[0].rstrip() + "\n" + mapped)
    more = {"company": "alder-dental", "contact": "alder-dental"}
    product = {"identifier": "OTHER", "description": "Other", "customerDescription": "Other", "price": 0.5}
    shop.write(
        "more.yaml", document("Agreement", "second", name="Second", **more) + document("Product", "other", **product)
    )
    path = shop.folder / "products.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"price: 0\.\d+", f"price: {how.price}", text, count=1), encoding="utf-8")
    shop.uses(ALDER, str(how.usage))


def prices(how: Bills) -> dict[str, Any]:
    own = {} if how.own_price is None else {"price": float(how.own_price)}
    if not how.ranges:
        return {"product": how.product, **own}
    ranges = [{"upTo": 110, "product": "backup-gb", **own}, {"product": "other", **own}]
    return {"tiering": how.ranges, "ranges": ranges}


def apply(shop: Shop, *options: str) -> None:
    said = shop("apply", "--auto-approve", *APPROVED, *options)
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
    kept: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for shop in open_shop(served, tmp_path_factory.mktemp("history"), patch, capsys):
            begin(shop, prepare, kept)
            play(shop, history)


def prepare(shop: Shop) -> None:
    shop.only(ALDER)
    write(shop, FIRST, adopts=False)
    shop.apply("--only", "setup")
    products = {each["identifier"]: each["id"] for each in shop.get("/procurement/catalog")}
    for agreement in shop.get("/finance/agreements"):
        path = f"/finance/agreements/{agreement['id']}/additions"
        for identifier in ("BACKUP-GB", "OTHER"):
            answer = shop.post_live(path, product={"id": products[identifier]}, **BY_HAND)
            assert answer.status_code == 201, answer.text


def newest(shop: Shop) -> int:
    """Return the number of the newest run."""
    return int(shop("--json", "history").json["runs"][-1]["run"])


def play(shop: Shop, history: History) -> None:
    write(shop, history.before, adopts=history.adopts == "before")
    apply(shop)
    shop.advance()
    start = newest(shop)
    write(shop, history.after, adopts=history.adopts is not None)
    apply(shop, *(["--prune"] if history.prunes else []))
    run = newest(shop)
    if run == start:
        FIGURES["histories without a change"] += 1
        return
    FIGURES["histories"] += 1
    if history.hours:
        shop.advance(history.hours)
        shop.uses(ALDER, str(history.after.usage + 1))
        apply(shop)
    if history.invoiced:
        invoice(shop, history.invoiced)
    since = later(shop, run)
    plan = undo(shop, history, run)
    if not history.hours and not history.invoiced:
        check_lines_named(shop, plan)
    check_named(shop, history, history.before, plan, since)
    if history.undoes_undo and plan["actions"] and not history.hours:
        FIGURES["undos of an undo"] += 1
        write(shop, history.after, adopts=history.adopts is not None)
        check_named(shop, history, history.after, undo(shop, history, newest(shop)), set())


def undo(shop: Shop, history: History, run: int) -> Any:
    """Undo a run, check what that did to the lines, and return the plan."""
    standing, quantity = lines(shop), billed(shop)
    path = str(shop.folder.parent / "undo.json")
    planned = shop("--json", "plan", "--undo", str(run), "--out", path)
    assert planned.code in (0, 5), planned.err
    plan = planned.json
    assert not [secret for secret in shop.secrets() if secret in planned.out]
    said = shop("apply", path, *APPROVED)
    assert said.code in (0, 5), said.out + said.err
    FIGURES["undone actions"] += len(plan["actions"])
    FIGURES["left out and named"] += len(plan["warnings"])
    check_lines(standing, lines(shop), plan)
    most = max(history.before.usage, history.after.usage + 1)
    assert billed(shop) <= max(quantity, Decimal(most)), (quantity, billed(shop))
    return plan


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


def one_name(text: str) -> str:
    """Return a text in which the mapping has its first name, and no letter is a capital."""
    return text.casefold().replace("/renamed", f"/{FIRST.name}")


def check_lines_named(shop: Shop, plan: Any) -> None:
    """Check that an undo lists the lines of the mappings and products that would bring its changes back."""
    told = " ".join(f"{note['address'] or ''} {note['message']}" for note in plan["warnings"])
    lines = {line["address"] for line in plan["undo"]["lines"]}
    for action in shop.plan()["actions"]:
        undone = any(one_name(each["address"]) == one_name(action["address"]) for each in plan["actions"])
        fields = {change["path"] for change in action["changes"]} - {"quantity"}
        if fields and undone and one_name(action["address"]) not in one_name(told):
            products = {each for each in lines if each.startswith("Product/") and fields == {"unitPrice"}}
            mappings = {f"CustomerMapping/{FIRST.name}", "CustomerMapping/renamed"}
            assert products or lines & {action["address"], *mappings}, (
                action["address"],
                action["changes"],
                lines,
            )


def check_named(shop: Shop, history: History, how: Bills, plan: Any, since: set[str]) -> None:
    """Check that these manifests change nothing more but quantities, what the undo named, and later runs.

    An invoice since then may move a last day to the last day that it bills.
    """
    write(shop, how, adopts=history.adopts is not None)
    told = " ".join(f"{note['address'] or ''} {note['message']}" for note in plan["warnings"])
    told += " ".join(since)
    invoiced = {"2026-12-01": "2026-11-30", "2027-01-01": "2026-12-31"}.get(history.invoiced or "")
    for action in shop.plan()["actions"]:
        address = one_name(action["address"])
        fields = {
            change["path"]
            for change in action["changes"]
            if change["path"] != "quantity" and (change["path"], change["after"]) != ("cancelledDate", invoiced)
        }
        assert not fields or address in one_name(told), (
            action["address"],
            action["action"],
            action["changes"],
            told,
        )
