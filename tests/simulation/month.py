"""Random hours of a small shop: something happens, an apply runs, and every line is held against the oracle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.shop import ALDER, BIRCHWOOD, CEDAR, DOGWOOD, Send, Shop
from tests.simulation.oracle import Customer

ZONE = ZoneInfo("America/New_York")
EVENTS = (
    "none",
    "none",
    "untag",
    "price",
    "quantity",
    "cancel",
    "copy",
    "rename",
    "product",
    "failed",
    "lost",
    "answer",
)
SECOND = ("rename", "product", "price", "untag")
"""What may come on top of an edit by hand, to the same customer in the same hour."""


class Simulation:
    """One run; `log` tells what happened, for a failure's message."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random, self.log = shop, Random(seed), [f"seed {seed}"]

        def measure() -> str:
            return self.random.choice(("last", "peak", "mean"))

        self.customers = [
            Customer(ALDER, "alder-dental", "Alder Dental", "flat", measure(), Decimal(120)),
            Customer(BIRCHWOOD, "birchwood-legal", "Birchwood Legal", "volume", measure(), Decimal(500)),
            Customer(CEDAR, "cedar-logistics", "Cedar Logistics", "graduated", measure(), Decimal(1005)),
            Customer(
                DOGWOOD, "dogwood-clinic", "Dogwood Clinic", "flat", measure(), Decimal(85),
                included=Decimal(50), minimum=Decimal(40),
            ),
        ]  # fmt: skip
        shop.only(*(each.number for each in self.customers))
        for each in self.customers:
            shop.edit(
                f"customers/{each.name}.yaml", f'managedId: "{each.number}"\n', f'managedId: "{each.number}"\n'
                f"  measure: {each.measure}\n",
            )  # fmt: skip
            path = shop.folder / f"customers/{each.name}.yaml"
            text = path.read_text(encoding="utf-8")
            before, mapping = text.split("kind: CustomerMapping", 1)
            head, solution = before.rsplit("kind: ManagementSolution", 1)
            path.write_text(
                head + "kind: ManagementSolution" + solution.replace(f"  measure: {each.measure}\n", "")
                + "kind: CustomerMapping" + mapping, encoding="utf-8",
            )  # fmt: skip
        self.renamed = 0
        self.names = {each.number: each.name for each in self.customers}
        self.period = self.month()

    def month(self) -> str:
        return self.shop.time.astimezone(ZONE).strftime("%Y-%m")

    def rows(self, each: Customer) -> list[dict[str, Any]]:
        found = self.shop.get("/finance/agreements", conditions=f'name="{each.agreement} - Managed Backup"')
        if not found:
            return []
        return list(self.shop.get(f"/finance/agreements/{found[0]['id']}/additions"))

    def live(self, each: Customer) -> list[dict[str, Any]]:
        today = self.shop.time.astimezone(ZONE).date().isoformat()
        return [row for row in self.rows(each) if not row.get("cancelledDate") or row["cancelledDate"][:10] > today]

    def hour(self) -> None:  # noqa: PLR0912  # one hour, told in its order
        """Time passes, usage moves, something happens, and an apply must put it right."""
        shop, random = self.shop, self.random
        if self.month() != self.period:
            self.period = self.month()
            for each in self.customers:
                each.hours, each.floor = [], Decimal(0)
        usage = {}
        for each in self.customers:
            usage[each.number] = (each.base * random.randint(90, 110) / 100).quantize(Decimal("0.1"))
            shop.uses(each.number, str(usage[each.number]))
        event, chosen = random.choice(EVENTS), random.choice(self.customers)
        self.log.append(f"{shop.now} {event} {chosen.name} {usage}")
        before = {each.number: self.live(each) for each in self.customers}
        restored = self.happens(event, chosen, before)
        if event in ("untag", "price", "quantity") and random.random() < 0.5:
            second = random.choice(SECOND)
            self.log.append(f"    and {second}")
            self.happens(second, chosen, before)
        failed = event == "failed"
        if not failed:
            for each in self.customers:
                each.hours.append(usage[each.number])
        touched = {each.number: self.rows(each) for each in self.customers} if failed else {}
        refused = event == "copy" and len(self.live(chosen)) > len(before[chosen.number])
        held = any(each.held() for each in self.customers)
        if event == "answer":
            self.loses_an_answer()
        said = shop("apply", "--auto-approve", "--approve", "samples")
        about = "\n".join([*self.log[-12:], said.out[-2500:], said.err])
        assert said.code == (5 if failed or refused or held else 0), f"exit {said.code}\n{about}"
        if failed:
            assert touched == {each.number: self.rows(each) for each in self.customers}, about
        else:
            for each in self.customers:
                if refused and each is chosen:
                    continue
                self.check(each, about)
        if failed:  # a plan reads the console, too: the hour would have its figure after all
            restored()
            return
        restored()
        if refused:
            said = shop("apply", "--auto-approve", "--approve", "samples")
            about = "\n".join([*self.log[-12:], said.out[-2500:], said.err])
            self.check(chosen, about)
        again = shop("--json", "plan")
        assert again.json["actions"] == [], f"{again.json['actions']}\n{about}"

    def loses_an_answer(self) -> None:
        """An apply whose first writes reach ConnectWise and never answer; the next one must go on from there."""
        left = [self.random.randint(0, 2)]

        async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
            answer = await send(request)
            if request.method in ("POST", "PATCH") and "/additions" in request.url.path:
                left[0] -= 1
                if left[0] == 0:
                    raise httpx.ReadError("the line went dead")
            return answer

        with self.shop.meddled(meddle):
            said = self.shop("apply", "--auto-approve", "--approve", "samples")
        assert said.code in (0, 4, 5), said.err

    def check(self, each: Customer, about: str) -> None:
        rows = [row for row in self.live(each) if row["quantity"]]
        found = [(row["product"]["identifier"], Decimal(row["quantity"])) for row in rows]
        assert sorted(found) == sorted(each.lines().items()), f"{each}\n{about}"
        assert all(row["serialNumber"].startswith("rc:") for row in rows), about

    def happens(self, event: str, each: Customer, before: dict[int, Any]) -> Callable[[], None]:  # noqa: PLR0912  # one branch for each event
        """Do it; what comes back is done after the apply."""
        shop = self.shop
        rows = [row for row in before[each.number] if row["quantity"]]
        path = ""
        if rows:
            row = self.random.choice(rows)
            path = f"/finance/agreements/{row['agreementId']}/additions"
        match event:
            case "untag" if rows:
                shop.patch_live(f"{path}/{row['id']}", serialNumber="")
            case "price" if rows:
                shop.patch_live(f"{path}/{row['id']}", unitPrice=0.2)
            case "quantity" if rows:
                shop.patch_live(f"{path}/{row['id']}", quantity=7)
            case "cancel" if rows:
                day = (shop.time.astimezone(ZONE).date()).replace(day=1).isoformat()
                shop.patch_live(f"{path}/{row['id']}", cancelledDate=f"{day}T00:00:00Z")
            case "copy" if rows:
                names = (
                    "product",
                    "quantity",
                    "unitPrice",
                    "unitCost",
                    "serialNumber",
                    "effectiveDate",
                    "billCustomer",
                )
                answer = shop.http.post(path, json={k: float(row[k]) if isinstance(row[k], Decimal) else row[k]
                                                    for k in names if k in row})  # fmt: skip
                assert answer.status_code == 201, answer.text
                made = answer.json()["id"]
                day = shop.time.astimezone(ZONE).date().replace(day=1).isoformat()
                gone = self.random.choice((made, row["id"]))
                return lambda: shop.patch_live(f"{path}/{gone}", cancelledDate=f"{day}T00:00:00Z")
            case "rename" if not each.floor:
                self.renamed += 1
                old, new = self.names[each.number], f"{each.name}-{self.renamed}"
                shop.edit(f"customers/{each.name}.yaml", f"kind: CustomerMapping\nmetadata: {{name: {old}}}",
                          f"kind: CustomerMapping\nmetadata: {{name: {new}}}")  # fmt: skip
                self.names[each.number] = new
            case "product" if each.tiering == "flat" and not each.floor:
                old, new = (("backup-gb", "backup-gb-500") if each.product == "BACKUP-GB"
                            else ("backup-gb-500", "backup-gb"))  # fmt: skip
                file = f"customers/{each.name}.yaml"
                text = (shop.folder / file).read_text(encoding="utf-8").replace(f"  product: {old}\n", "")
                text = text.replace("spec:\n  customer:", f"spec:\n  product: {new}\n  customer:")
                shop.write(file, text)
                each.product = new.upper()
            case "failed":
                shop.fault("500@/jsonapi")
                return shop.fault
            case "lost":
                for file in shop.ledger.parent.glob("ledger.sqlite*"):
                    file.unlink()
                for one in self.customers:
                    if one.measure != "last" and one.hours:
                        one.floor = one.quantity()
                    one.hours = []
            case _:
                pass
        return lambda: None


def simulate(shop: Shop, seed: int, hours: int) -> None:
    """`hours` at the beginning of a month, and as many around its end."""
    month = Simulation(shop, seed)
    for _ in range(hours):
        month.hour()
        shop.advance(1)
    end = datetime(2026, 12, 1, 5, tzinfo=UTC)
    shop.advance((end - shop.time).total_seconds() / 3600 - hours // 2)
    for _ in range(hours):
        month.hour()
        shop.advance(1)
