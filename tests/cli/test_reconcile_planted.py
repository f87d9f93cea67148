"""`usage reconcile` finds every leak that was planted in a tenant, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.shop import GB, Shop

Found = list[tuple[str, str | None, str | None, str | None]]
"""The kind, the amount, the margin and the agreement of each difference."""

CUSTOMER = """\
apiVersion: reconciler/v1
kind: Company
metadata: {{name: {name}}}
spec: {{identifier: {name}, name: {name}, addressLine1: 1 Road, city: Tampa, state: FL, zip: "33602"}}
---
apiVersion: reconciler/v1
kind: Contact
metadata: {{name: {name}}}
spec: {{company: {name}, firstName: Ada, lastName: Alder, email: office@{name}.example}}
---
apiVersion: reconciler/v1
kind: Agreement
metadata: {{name: {name}}}
spec: {{name: {name}, company: {name}, contact: {name}, startDate: "2026-11-01"{agreement}}}
---
apiVersion: reconciler/v1
kind: ManagementSolution
metadata: {{name: {name}}}
spec: {{company: {name}, solution: Managed Backup, managedId: "{id}", agreement: {name}}}
---
apiVersion: reconciler/v1
kind: CustomerMapping
metadata: {{name: {name}}}
spec:
  customer: {{source: cove, id: "{id}", name: {name}}}
  company: {name}
  agreement: {name}
  managedId: "{id}"
"""
MAPPING = "kind: CustomerMapping\nmetadata: {name: "


class Estate:
    """A shop whose customers each have an agreement of their name and a line at 0.15 for one GB."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.ids: dict[str, int] = {}
        shop.only()

    def add(self, name: str, gigabytes: int, agreement: str = "", *, mapped: bool = True) -> None:
        """Add a customer. `agreement` has more fields of its agreement, such as `, invoiced: arrears`."""
        world, now = self.shop.world, self.shop.time
        self.ids[name] = world.add_customer(name, now).id
        world.add_device(self.ids[name], now, gigabytes * GB)
        if mapped:
            self.shop.write(
                f"customers/{name}.yaml", CUSTOMER.format(name=name, id=self.ids[name], agreement=agreement)
            )

    def agreement(self, name: str) -> Any:
        return self.shop.one("/finance/agreements", name=name)

    def lines(self, name: str) -> str:
        """Return the path of the additions of a customer."""
        return f"/finance/agreements/{self.agreement(name)['id']}/additions"

    def line(self, name: str) -> Any:
        """Return the first addition of a customer."""
        return self.shop.get(self.lines(name))[0]

    def edit(self, name: str, **values: Any) -> None:
        """Edit the line of a customer by hand."""
        self.shop.patch_live(f"{self.lines(name)}/{self.line(name)['id']}", **values)

    def delete(self, name: str) -> None:
        answer = self.shop.http.delete(f"{self.lines(name)}/{self.line(name)['id']}")
        assert answer.status_code == 204, answer.text

    def copy(self, name: str, onto: str, **values: Any) -> None:
        """Create a line like that of a customer on an agreement by hand."""
        ours = self.line(name)
        fields = {each: ours[each] for each in ("quantity", "unitPrice", "unitCost", "billCustomer", "effectiveDate")}
        answer = self.shop.post_live(
            self.lines(onto), product={"id": ours["product"]["id"]}, **{**fields, "serialNumber": "", **values}
        )
        assert answer.status_code == 201, answer.text

    def control(self, path: str, **body: Any) -> Any:
        answer = self.shop.http.post(f"{self.shop.running.url}/sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def invoice(self, *names: str, through: str = "2026-11-01") -> None:
        """Make the invoices of these customers until a day. Without names: of all of them."""
        if not names:
            self.control("invoices", through=through)
        for name in names:
            self.control("invoices", agreement=self.agreement(name)["id"], through=through)

    def invoice_by_hand(self, name: str, of: str, total: Any) -> None:
        """Make an invoice of another type for a customer, with a total that the sandbox does not compute."""
        agreement = self.agreement(name)
        named = {} if of == "Consolidated" else {"agreement": {"id": agreement["id"]}}
        answer = self.shop.post_live("/finance/invoices", type=of, company={"id": agreement["company"]["id"]}, **named)
        assert answer.status_code == 201, answer.text
        self.shop.tenant.tables["invoice"].rows[answer.json()["id"]].data.update(total=total, agreementAmount=0)

    def invoice_of(self, name: str) -> Any:
        """Return the newest invoice of a customer, as the tenant stores it."""
        newest = self.shop.get("/finance/invoices", conditions=f'agreement/name="{name}" and type="Agreement"')[-1][
            "id"
        ]
        return self.shop.tenant.tables["invoice"].rows[newest].data

    def rows_of_invoices(self) -> dict[str, list[str]]:
        """Return the lines of all invoices by customer, as rows of a CSV file."""
        names = {row["id"]: row["name"] for row in self.shop.get("/finance/agreements")}
        found: dict[str, list[str]] = {}
        for each in self.shop.http.get(f"{self.shop.running.url}/sandbox/invoices").json():
            for line in each["lines"]:
                figures = [f"{Decimal(str(line[name])).normalize():f}" for name in ("quantity", "unitPrice", "amount")]
                row = ",".join([each["number"], line["product"], *figures])
                found.setdefault(names[each["agreement"]], []).append(row)
        return found

    def found(self, *arguments: str) -> Found:
        """Return the differences. The exit code must be 5 if there is one, and 0 if there is none."""
        said = self.shop("--json", "usage", "reconcile", *arguments)
        assert said.code in (0, 5), said.err
        found = [
            (each["kind"], each["amount"], each["margin"], each["agreement_name"]) for each in said.json["findings"]
        ]
        assert said.code == (5 if found else 0)
        return sorted(found, key=str)


@pytest.fixture
def estate(shop: Shop) -> Estate:
    return Estate(shop)


MORE = ("gone", "standard", "credited", "joined")
IN_ADVANCE = ("clean", "grown", "edited", "deleted", "twice", "restored", "changed", *MORE)
IN_ARREARS = ("arrears", "early", "without")
LINES = ("clean", "deleted", "replaced", "cancelled", "ends", "lowered", "raised", "wrong", "host", "second")
LAST = ("tagged", "proposed", "unbilled", "dearer")
OTHERS = (
    "twice",
    "price",
    "cost",
    "old",
    "orphan",
    "renamed",
    "left",
    "credited",
    "tagged",
    "proposed",
    "unbilled",
    "dearer",
)


def test_every_leak_in_the_lines_of_a_month_is_found_and_nothing_else(estate: Estate) -> None:
    for index, name in enumerate((*LINES, *OTHERS)):
        estate.add(name, 100 + 10 * index)
    estate.add("quarterly", 60, ", billingCycle: Quarterly")
    estate.shop.apply(code=5)  # an agreement that is billed each quarter has no line
    estate.shop.advance(0.5)
    quarterly = ("leak", "9", "5.4", "quarterly")
    assert estate.found() == [quarterly]

    estate.add("unmapped", 20, mapped=False)
    estate.delete("deleted")
    estate.copy("replaced", "replaced", quantity=110)
    estate.delete("replaced")
    estate.edit("cancelled", effectiveDate="2026-10-01T00:00:00Z", cancelledDate="2026-10-31T00:00:00Z")
    estate.edit("ends", cancelledDate="2026-11-15T00:00:00Z")
    estate.edit("lowered", quantity=1)
    estate.edit("raised", quantity=200)
    estate.copy("wrong", "host", serialNumber=estate.line("wrong")["serialNumber"])
    estate.delete("wrong")
    estate.copy("second", "second", quantity=50)
    estate.copy("twice", "twice", serialNumber=estate.line("twice")["serialNumber"])
    estate.copy("credited", "credited", quantity=40, unitPrice=-0.15, unitCost=0.06)
    estate.edit("price", unitPrice=0.1)
    estate.edit("cost", unitCost=0.01)
    estate.shop.edit("customers/old.yaml", "  agreement: old\n", "  agreement: old\n  price: 0.25\n")
    (estate.shop.folder / "customers" / "orphan.yaml").unlink()
    estate.shop.world.rename(estate.ids["renamed"], "Another name", estate.shop.time)
    estate.shop.edit("customers/left.yaml", "  agreement: left\n", "  agreement: left\n  end: 2026-10-31\n")
    dearer = "  prices: [{from: '2026-11-01', price: 0.15, cost: 0.08}]\n"
    estate.shop.edit("customers/dearer.yaml", "  agreement: dearer\n", f"  agreement: dearer\n{dearer}")
    estate.copy("tagged", "tagged", serialNumber=f"{estate.line('tagged')['serialNumber']}/2026-10")
    estate.delete("unbilled")
    for name in ("proposed", "unbilled"):
        estate.shop.edit(f"customers/{name}.yaml", f"{MAPPING}{name}", f"{MAPPING}{name}, proposed: true")
    estate.shop("usage", "pull")
    planted: Found = [
        ("agreement", "-25.5", "-15.3", "host"),
        ("credit", "6", "8.4", "credited"),
        ("dates", "19.5", "11.7", "cancelled"),
        ("double", "-30", "-18", "twice"),
        ("double", "-42", "-25.2", "tagged"),
        ("double", "-7.5", "-4.5", "second"),
        ("hand edit", "-6", "-3.6", "raised"),
        ("hand edit", "0", "-11", "cost"),
        ("hand edit", "0", "0", "ends"),
        ("hand edit", "10.5", "10.5", "price"),
        ("hand edit", "22.35", "13.41", "lowered"),
        ("leak", "1.5", "0.9", "replaced"),
        ("leak", "16.5", "9.9", "deleted"),
        ("leak", "25.5", "15.3", "wrong"),
        ("leak", "3", None, None),  # unmapped
        ("leak", "36", None, None),  # orphan
        ("leak", "45", "27", "unbilled"),
        quarterly,
        ("orphan", "-36", "-21.6", "orphan"),
        ("price", "0", "-6.2", "dearer"),
        ("price", "23", None, "old"),
        ("unused", "-39", "-23.4", "left"),
    ]
    assert estate.found() == planted

    estate.shop.fault("500:99@/jsonapi")
    estate.shop.advance(0.5)
    estate.shop("usage", "pull")
    assert estate.found() == sorted([*planted, ("unknown", None, None, None)], key=str)


def invoices_by_hand(estate: Estate) -> None:
    """Make invoices of other types beside those of the month."""
    estate.invoice_by_hand("credited", "CreditMemo", -5)
    estate.invoice_by_hand("standard", "Standard", estate.invoice_of("standard")["total"])
    estate.invoice_by_hand("joined", "Consolidated", estate.invoice_of("joined")["total"])
    estate.invoice_of("joined")["status"] = {"id": 99, "name": "Void"}


def change_the_rules(estate: Estate) -> None:
    """Change what the manifests say, which changes nothing in a month that is over."""
    shop, folder = estate.shop, estate.shop.folder / "customers"
    (folder / "changed.yaml").unlink()
    shop.edit("customers/clean.yaml", "  agreement: clean\n", "  agreement: clean\n  price: 9\n")
    shop.edit("customers/grown.yaml", "  agreement: grown\n", "  agreement: grown\n  product: backup-gb-500\n")
    included = "  agreement: early\n  included: {amount: 50, per: customer}\n"
    shop.edit("customers/early.yaml", "  agreement: early\n", included)
    shop.edit("customers/restored.yaml", f"{MAPPING}restored", f"{MAPPING}another")


def test_every_leak_in_the_invoices_of_a_month_is_found_and_nothing_else(estate: Estate) -> None:
    shop = estate.shop
    for index, name in enumerate(IN_ADVANCE):
        estate.add(name, 100 + 10 * index)
    for name in IN_ARREARS:
        estate.add(name, 100, ", invoiced: arrears")
    shop.apply()
    shop.advance(0.5)
    estate.edit("restored", quantity=60)
    estate.delete("gone")
    shop.advance(0.25)
    estate.invoice(*IN_ADVANCE)
    invoices_by_hand(estate)
    shop.advance(0.75)
    shop.world.set_bytes(estate.ids["grown"], 180 * GB, shop.time)
    shop.apply("--only", "usage", code=5)  # a line of November was deleted
    estate.invoice_of("edited").update(agreementAmount=5, total=5)
    shop.advance(24)
    estate.invoice("early")
    estate.edit("changed", quantity=500)
    shop.advance(24 * 28 + 18)
    shop.world.set_bytes(estate.ids["early"], 130 * GB, shop.time)
    shop.apply("--only", "usage", code=5)
    shop.advance(12)
    shop.apply("--only", "usage", code=5)
    estate.invoice("arrears")
    number = estate.agreement("twice")["id"]
    shop.tenant.tables["agreement"].rows[number].data["nextInvoiceDate"] = "2026-11-01T00:00:00Z"
    estate.invoice("twice")
    newest = shop.get("/finance/invoices", conditions='agreement/name="deleted"')[-1]["id"]
    assert shop.http.delete(f"/finance/invoices/{newest}").status_code == 204
    planted: Found = [
        ("credit", "5", None, "credited"),
        ("double", "-21", None, "twice"),
        ("double", "-27", None, "standard"),
        ("hand edit", "13.5", "8.1", "restored"),
        ("invoice", "13", None, "edited"),
        ("leak", "25.5", "15.3", "gone"),
        ("missing invoice", "15", None, "without"),
        ("missing invoice", "19.5", None, "deleted"),
        ("quantity", "4.5", "2.7", "early"),
    ]
    assert estate.found("--period", "2026-11") == planted

    change_the_rules(estate)
    assert estate.found("--period", "2026-11") == planted
    shop("apply", "--only", "usage", "--auto-approve", "--prune")
    assert estate.found("--period", "2026-11") == planted
    shop("apply", "--only", "usage", "--auto-approve", "--approve", "adjustment")
    planted.remove(("quantity", "4.5", "2.7", "early"))
    assert estate.found("--period", "2026-11") == planted

    for name, total in (("clean", 13.5), ("grown", 11.5), ("changed", 0)):
        estate.invoice_of(name).update(agreementAmount=total, total=total)
    rows = estate.rows_of_invoices()
    rows["clean"] = [row.replace(",100,0.15,15", ",90,0.15,13.5") for row in rows["clean"]]
    rows["grown"].append(rows["grown"][0].partition(",")[0] + ",GOODWILL,1,-5,-5")
    del rows["changed"][0]
    rows["changed"].append(f"{estate.invoice_of('changed')['invoiceNumber']},NOTHING,0,0,0")
    path = shop.folder.parent / "lines.csv"
    every = [row for some in rows.values() for row in some]
    path.write_text("\n".join(["Invoice Number,Product ID,Qty,Unit Price,Amount", *every]), encoding="utf-8")
    in_file: Found = [
        ("invoice", "5", None, "grown"),
        ("not invoiced", "24", "14.4", "changed"),
        ("quantity", "1.5", None, "clean"),
    ]
    assert estate.found("--period", "2026-11", "--invoice-lines", str(path)) == sorted([*planted, *in_file], key=str)
