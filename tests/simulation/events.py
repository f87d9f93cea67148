"""Random events of an hour: at the console, in ConnectWise, in Git, in the ledger, and in the run itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx

from tests.shop import Send
from tests.simulation.oracle import live
from tests.simulation.terms import Terms, draw

if TYPE_CHECKING:
    from tests.simulation.month import Month

GB = 10**9
ODD = ("-1", "12.5", "much", " ", None)


class Events:
    """Applies random events to a month.

    `settled` has the additions as a disturbed run left them. Set `SIMULATE_EVENTS` to limit the events, by name.
    """

    def __init__(self, month: Month) -> None:
        self.month, self.random = month, month.random
        self.invoiced: set[int] = set()
        self.settled: dict[int, dict[str, object]] | None = None
        self.losses: list[Callable[[], None]] = []
        self.unmapped = 0
        self.all: dict[str, Callable[[], None]] = {
            name.removeprefix("do_"): getattr(self, name) for name in dir(self) if name.startswith("do_")
        }
        only = os.environ.get("SIMULATE_EVENTS")
        self.names = only.split(",") if only else list(self.all)

    def begin(self) -> None:
        """Create a few additions that are not ours, before the first hour."""
        month = self.month
        for terms in month.terms.values():
            if terms.beside or self.random.random() < 0.5:
                continue
            agreement = month.agreement(terms)
            products = month.shop.tenant.tables["catalogItem"].rows
            product = self.random.choice(list(products))
            body = {"product": {"id": product}, "billCustomer": "Billable", "quantity": 3, "unitPrice": 9}
            answer = month.shop.http.post(f"/finance/agreements/{agreement.id}/additions", json=body)
            assert answer.status_code == 201, answer.text

    def happen(self) -> None:
        """Apply zero to four events."""
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3, 4))):
            name = self.random.choice(self.names)
            self.month.log.append(f"   {name}")
            self.all[name]()

    # ── random choices ─────────────────────────────────────────────────────────────────────────────────────────

    def listed(self) -> int | None:
        found = [number for number, devices in self.month.console.customers.items() if devices]
        return self.random.choice(found) if found else None

    def device(self) -> tuple[int, int] | None:
        number = self.listed()
        if number is None:
            return None
        return number, self.random.choice(list(self.month.console.customers[number]))

    def mapped(self) -> Terms:
        return self.random.choice(
            [terms for terms in self.month.terms.values() if terms.mapped] or [*self.month.terms.values()]
        )

    def note(self, what: object) -> None:
        self.month.log.append(f"      {what}")

    # ── at the console ───────────────────────────────────────────────────────────────────────────────────

    def do_gone(self) -> None:
        if found := self.device():
            self.note(found)
            self.month.console.remove_device(*found)

    def do_back(self) -> None:
        console = self.month.console
        found = [device for device, (number, _) in console.gone.items() if number in console.customers]
        if found:
            console.return_device(self.random.choice(found))

    def do_silent(self) -> None:
        if found := self.device():
            self.note(found)
            if self.random.random() < 0.3:
                self.month.console.odd(*found, self.random.choice(ODD))
            else:
                self.month.console.resize(*found, None)

    def do_speak(self) -> None:
        console = self.month.console
        found = [(number, device) for number, devices in console.customers.items()
                 for device, size in devices.items() if size is None]  # fmt: skip
        for each in found:
            if self.random.random() < 0.6:
                console.resize(*each, self.random.randint(5, 250) * GB)

    def do_move(self) -> None:
        found, new = self.device(), self.listed()
        if found and new is not None and new != found[0]:
            self.note((found, new))
            self.month.console.move(found[1], found[0], new)

    def do_new_device(self) -> None:
        if (number := self.listed()) is not None:
            size = None if self.random.random() < 0.3 else self.random.randint(1, 250) * GB
            self.month.console.add_device(number, size)

    def do_vanish(self) -> None:
        if (number := self.listed()) is not None:
            self.note(number)
            self.month.console.remove(number, recycle=self.random.random() < 0.3)

    def do_emptied(self) -> None:
        if (number := self.listed()) is not None:
            self.note(number)
            for device in list(self.month.console.customers[number]):
                self.month.console.remove_device(number, device)

    def do_return(self) -> None:
        console = self.month.console
        if console.away:
            console.give_back(self.random.choice(list(console.away)))

    def do_jump(self) -> None:
        if (number := self.listed()) is not None:
            self.times(number, self.random.choice((Decimal("0.2"), Decimal("0.4"), Decimal(2), Decimal(3))))

    def do_all_jump(self) -> None:
        factor = self.random.choice((Decimal("0.5"), Decimal("1.6")))
        for number in self.month.console.customers:
            self.times(number, factor)

    def do_zero(self) -> None:
        if (number := self.listed()) is not None:
            self.note(number)
            for device in self.month.console.customers[number]:
                self.month.console.resize(number, device, 0)

    def times(self, number: int, factor: Decimal) -> None:
        for device, size in list(self.month.console.customers[number].items()):
            if size:
                self.month.console.resize(number, device, int(size * factor))

    def do_rename_customer(self) -> None:
        if (number := self.listed()) is not None:
            self.month.console.rename(number, f"Other {self.random.randint(1, 99)}")

    def do_failing(self) -> None:
        month = self.month
        month.failing = not month.failing
        month.shop.fault(*(["500@/jsonapi"] if month.failing else []))

    def do_recover(self) -> None:
        self.month.failing = False
        self.month.shop.fault()

    def do_lose_much(self) -> None:
        """Remove most customers, so that the pull is not believed."""
        console = self.month.console
        for number in list(console.customers):
            if self.random.random() < 0.6:
                console.remove(number)

    def do_come_back(self) -> None:
        for number in list(self.month.console.away):
            self.month.console.give_back(number)

    def do_approve_shrink(self) -> None:
        month = self.month
        if month.failing:
            return
        said = month.shop("usage", "pull", "--approve", "shrink")
        assert said.code in (0, 5), said.err
        month.pull(approved=True)

    def do_unmapped_customer(self) -> None:
        """Add a customer without a mapping, sometimes with an exclusion."""
        if self.unmapped < 2:
            self.unmapped += 1
            number = self.month.console.add(f"Unmapped {self.unmapped}", 20 * GB)
            if self.random.random() < 0.7:
                self.month.exclusions[number] = "test"

    # ── in ConnectWise ───────────────────────────────────────────────────────────────────────────────────

    def billing_addition(self) -> tuple[str, dict[str, object]] | None:
        """Return the path and the row of one live addition of ours that bills. None if there is none."""
        month = self.month
        rows = [
            row
            for key, row in month.rows().items()
            if month.ours.get(key, 0) not in {0, *month.duplicates}
            and row["quantity"]
            and live(row, month.period.today)
        ]
        if not rows:
            return None
        row = self.random.choice(rows)
        return f"/finance/agreements/{row['agreement']}/additions", row

    def edit(self, **values: object) -> None:
        if found := self.billing_addition():
            path, row = found
            self.note((row["id"], values))
            self.month.shop.patch_live(f"{path}/{row['id']}", **values)

    def do_untag(self) -> None:
        self.edit(serialNumber="")

    def do_quantity(self) -> None:
        self.edit(quantity=7)

    def do_price(self) -> None:
        self.edit(unitPrice=0.2)

    def do_cancel(self) -> None:
        self.edit(cancelledDate=f"{self.month.period.first.isoformat()}T00:00:00Z")

    def do_end_before(self) -> None:
        """End an addition before the month, so that only a new one can bill."""
        day = f"{(self.month.period.first - timedelta(days=1)).isoformat()}T00:00:00Z"
        if (found := self.billing_addition()) and str(found[1]["effectiveDate"]) < day:
            self.note(found[1]["id"])
            self.month.shop.patch_live(f"{found[0]}/{found[1]['id']}", cancelledDate=day)

    def do_duplicate(self) -> None:
        month = self.month
        if not (found := self.billing_addition()):
            return
        path, row = found
        number = month.ours[int(str(row["id"]))]
        if number in month.duplicates or not str(row["serialNumber"] or "").startswith("rc:"):
            return
        product = next(key for key, each in month.shop.tenant.tables["catalogItem"].rows.items()
                       if each.data["identifier"] == row["product"])  # fmt: skip
        names = ("quantity", "unitPrice", "serialNumber", "effectiveDate")
        copy = {name: row[name] for name in names}
        answer = month.shop.post_live(path, product={"id": product}, billCustomer="Billable", **copy)
        if answer.status_code == 201:  # ConnectWise refuses one that begins in an invoiced month
            month.rows()
            month.duplicates[number] = (path, [int(str(row["id"])), int(answer.json()["id"])])

    def do_end_duplicate(self) -> None:
        month = self.month
        today = month.period.today
        for number, (path, ids) in list(month.duplicates.items()):
            if any(not live(month.rows()[each], today) for each in ids):
                del month.duplicates[number]
                continue
            first = month.period.first.isoformat()
            month.shop.patch_live(f"{path}/{self.random.choice(ids)}", cancelledDate=f"{first}T00:00:00Z")
            del month.duplicates[number]

    def do_invoice(self) -> None:
        month = self.month
        terms = self.mapped()
        row = month.agreement(terms)
        first = month.period.first.isoformat()
        while row.data["nextInvoiceDate"][:10] <= first:
            body = {"type": "Agreement", "company": {"id": row.data["company"]["id"]}, "agreement": {"id": row.id}}
            answer = month.shop.http.post("/finance/invoices", json=body)
            assert answer.status_code == 201, answer.text
        self.invoiced.add(row.id)

    # ── in Git ───────────────────────────────────────────────────────────────────────────────────────────

    def do_rename(self) -> None:
        terms = self.mapped()
        if terms.mapped:
            terms.mapping = f"{terms.key}-r{self.random.randint(1, 999)}"
            if terms.number in self.month.oracle.memory:  # an approval has the old name in it
                self.month.oracle.memory[terms.number].samples = ""

    def do_terms(self) -> None:
        """Change the rules of one mapping."""
        terms = self.mapped()
        new = draw(self.random, terms.number, terms.key)
        for name in ("measure", "tiering", "included", "per_device", "minimum", "mode", "step"):
            setattr(terms, name, getattr(new, name))

    def do_product(self) -> None:
        terms = self.mapped()
        if terms.tiering == "flat":
            terms.product = self.random.choice([name for name in self.month.prices if name != terms.product])

    def do_new_price(self) -> None:
        name = self.random.choice(list(self.month.prices))
        self.month.prices[name] = Decimal(self.random.randint(8, 20)) / 100

    def do_new_customer(self) -> None:
        month = self.month
        if len(month.terms) < 9:
            terms = month.customer(f"n{len(month.terms)}")
            if self.random.random() < 0.5:
                terms.start = month.period.today + timedelta(days=self.random.randint(-3, 2))

    def do_unmap(self) -> None:
        self.mapped().mapped = False

    def do_map(self) -> None:
        for terms in self.month.terms.values():
            terms.mapped = True

    def do_exclude_device(self) -> None:
        found = self.device()
        if found and found[0] in self.month.terms and len(self.month.console.customers[found[0]]) > 1:
            self.month.without.setdefault(found[0], set()).add(found[1])
            self.note(found)

    def do_include_devices(self) -> None:
        self.month.without.clear()

    # ── in the ledger and in the run ────────────────────────────────────────────────────────────────────────

    def do_lost(self) -> None:
        month = self.month
        rows = month.rows()
        bare = any(not (row["serialNumber"] or "") for key, row in rows.items() if key in month.ours)
        ended = any(row["cancelledDate"] for key, row in rows.items() if key in month.ours)
        if bare or ended or month.duplicates:
            return
        for file in month.shop.ledger.parent.glob("ledger.sqlite*"):
            file.unlink()
        month.oracle.lose()

    def do_wrong_clock(self) -> None:
        """Run with a clock that differs from the tenant's. The run must be refused and write nothing."""
        month = self.month
        before = month.rows()
        hours = self.random.choice((-30, -1, -0.2, 0.2, 1, 800))
        now = (month.shop.time + timedelta(hours=hours)).isoformat()
        said = month.shop("apply", "--auto-approve", now=now)
        if said.code != 3 or month.rows() != before:
            month.fail(f"a clock that is {hours} h wrong exits with {said.code}", said)

    def disturb(self, arguments: list[str]) -> None:
        """Start a run before the real one that is killed, or whose responses are lost."""
        self.settled = None
        month, kind = self.month, self.random.random()
        if kind > 0.15:
            return
        if kind < 0.02:
            self.kills(arguments)
        else:
            self.breaks(arguments)
        month.log.append(f"   disturbed {kind}")

    def breaks(self, arguments: list[str]) -> None:
        left, dead, sent = self.random.randint(0, 4), self.random.random() < 0.5, self.random.random() < 0.5
        state = [left]

        async def lose_responses(request: httpx.Request, send: Send) -> httpx.Response:
            if request.method in ("POST", "PATCH") and "/additions" in request.url.path:
                state[0] -= 1
                if state[0] == -1 or (dead and state[0] < 0):
                    if sent:
                        await send(request)
                    raise httpx.ReadError("the connection is lost")
            return await send(request)

        with self.month.shop.meddled(lose_responses):
            said = self.month.shop("apply", "--auto-approve", *arguments)
        if said.code not in (0, 3, 4, 5) or "Traceback" in said.err:
            self.month.fail(f"a run with lost responses exits with {said.code}", said)

    def kills(self, arguments: list[str]) -> None:
        shop = self.month.shop
        begun = shop.sandbox.log.total
        requests = self.random.randint(5, 60)
        process = shop.start("apply", "--auto-approve", *arguments)
        shop.until(lambda: shop.sandbox.log.total - begun >= requests, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
