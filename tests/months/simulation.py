"""Simulate months: runs at random moments, random trouble, and an invoice of each agreement for each month."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from reconciler.metering.sources import registry
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.model import Level, Partner, State
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.money_grid import manifests
from tests.money_grid.oracle import cents, midnight, month_of
from tests.money_grid.terms import NEW_YORK, PHASES, months_after
from tests.months import trouble
from tests.months.book import CREDIT, Book, Of, Seen, month_before, seen
from tests.months.console import HOUR, SOURCES
from tests.months.customers import FIRST_MONTH, Customer, random_customers
from tests.months.sources import Sources
from tests.shop import EXAMPLE, Shop

RUNS_A_MONTH = 4
_PULLED_ALONE, _TOO_MANY_REQUESTS, _EDITED, _CHANGED, _REPRICED = 0.2, 0.3, 0.03, 0.08, 0.15
_CLOSED = 0.8
_APPROVALS = ((), (), ("adjustment",), ("credit",), ("adjustment", "credit"), ("adjustment", "credit"))
_TROUBLE = ("wrong clocks", "lost answers", "lost answers", "kills", "", "", "", "")
"""What disturbs eight runs, in random order: each kind comes in every simulation of some months."""


class Months:
    """A workspace over several months. `happened` counts what happened."""

    def __init__(self, shop: Shop, seed: int, customers: int, months: int) -> None:
        self.shop, self.random, self.months = shop, Random(seed), months
        self.happened: Counter[str] = Counter()
        self.repriced = False
        self.trouble: list[str] = []
        """What disturbs the next runs."""
        self.shared: dict[bool, str] = {}
        """The documents that are not of one customer, by whether the prices have changed."""
        self.book = Book()
        begin = midnight(FIRST_MONTH, NEW_YORK)
        clock = Clock(begin - HOUR)
        shop.patch.setattr(registry, "history", lambda *_: None)  # tests/simulation reads the hours without a run
        shop.show(Sandbox(clock=clock, console=Console(clock, World(customers=0, started=clock.now()))))
        shutil.rmtree(shop.folder)
        shop.folder.mkdir()
        shutil.copy(EXAMPLE / "setup.yaml", shop.folder)
        self.customers = {each.number: each for each in random_customers(self.random, customers)}
        self.sources = Sources(shop, self.random, self.customers, self.happened)
        self.log = self.sources.log
        self.log.append(f"seed {seed}")
        world = shop.world
        world.put(Partner(9001, world.root_id, "Left out", Level.END_CUSTOMER, State.IN_PRODUCTION, shop.time))
        self._write()

    # ── manifests ────────────────────────────────────────────────────────────────────────────────────────

    def _write(self) -> None:
        """Write the manifests. Each document is turned into YAML once, because that takes long."""
        if self.repriced not in self.shared:
            workspace = manifests.workspace(SOURCES)
            workspace["spec"]["billing"]["creditProduct"] = CREDIT
            documents = [
                workspace,
                manifests.product(CREDIT, {"price": 0}),
                *manifests.products(PHASES["middle"], changed=self.repriced),
                *manifests.meters(SOURCES),
                *manifests.company(FIRST_MONTH),
            ]
            self.shared[self.repriced] = manifests.to_yaml(documents)
        texts = (self.shared[self.repriced], *(each.document() for each in self.customers.values()))
        self.shop.write("months.yaml", "---\n".join(texts))

    def _change_manifests(self) -> None:
        """Change the rules, the agreement or the name of some mappings, and once the prices of products."""
        over = len(self.book.rolling)
        if not self.repriced and over and (over > 1 or self.random.random() < _REPRICED):
            self.repriced = True
            priced = [each for each in self.customers.values() if each.terms.value["change"] == "price"]
            self._changed(priced)
            self.happened["back-dated prices"] += sum(each.has_dated_price for each in priced)
        others = [
            each
            for each in self.customers.values()
            if not each.terms.changed and each.terms.value["change"] in ("range", "agreement", "mapping")
        ]
        self._changed(each for each in others if self.random.random() < _CHANGED)
        self._write()

    def _changed(self, customers: Iterable[Customer]) -> None:
        for each in customers:
            each.terms = each.terms.later
            self.happened[f"changes of {each.terms.change}"] += 1
            self.log.append(f"   {each.number} changes {each.terms.change}")

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Simulate all months."""
        said = self.shop("apply", "--auto-approve", "--only", "setup")
        assert said.code == 0, said.err + said.out
        for number in range(self.months):
            self._month(months_after(FIRST_MONTH, number))
        self._invoice(months_after(FIRST_MONTH, self.months - 1), "arrears")

    def _month(self, month: date) -> None:
        late_invoice = self.random.random() < 0.5
        if month > FIRST_MONTH and not late_invoice:
            self._invoice(month_before(month), "arrears")
        for place, moment in enumerate(self._moments(month)):
            self.shop.advance((moment - self.shop.time) / HOUR)
            self._hour(last=place == RUNS_A_MONTH - 1)
            if place == 0 and month > FIRST_MONTH and late_invoice:
                self._invoice(month_before(month), "arrears")
            if place == 1 and month > FIRST_MONTH and self.random.random() < _CLOSED:
                self._close(month_before(month))
        self.book.keep(month, self.customers.values())
        self.happened["customer-months"] += len(self.customers)
        self._invoice(month, "advance")

    def _moments(self, month: date) -> list[datetime]:
        """Return the moments of the runs: one soon after the month begins, and one soon before it ends.

        They are further apart than the `maxAge` of figures, so a device without a figure holds its customer.
        """
        begin, end = midnight(month, NEW_YORK), midnight(months_after(month, 1), NEW_YORK)
        between = sorted(self.random.sample(range(2, 28), RUNS_A_MONTH - 2))
        days = [begin + timedelta(days=day, hours=self.random.randint(0, 8)) for day in between]
        found = [begin + self.random.randint(6, 20) * HOUR, *days, end - self.random.randint(1, 10) * HOUR]
        return [each + timedelta(minutes=10) for each in found]

    def _hour(self, *, last: bool) -> None:
        self.log.append(f"── {self.shop.now}")
        self.sources.change_devices()
        self._change_manifests()
        self.shop.fault()
        self.sources.publish()
        if not last and self.random.random() < _PULLED_ALONE:
            self.happened["pulls without a run"] += 1
            assert self.shop("usage", "pull").code in (0, 1, 5)
            return
        self._edit_by_hand()
        self._disturb()
        if self.random.random() < _TOO_MANY_REQUESTS:
            self.happened["runs with 429"] += 1
            self.shop.fault(*self.shop.sandbox.faults.specs, "429:every=9@/finance")
        approved = self.random.choice(_APPROVALS[:3] if last else _APPROVALS)  # so that amounts wait at a month's end
        said = self.shop("apply", "--auto-approve", *(f"--approve={each}" for each in approved))
        if said.code not in (0, 5):
            self._fail_with(f"exit {said.code}", said.out[-3000:] + said.err[-3000:])
        self.happened["runs"] += 1
        for each in self.customers.values():
            held = self.sources.holds(each)
            self.happened["customers held"] += held
            made = self.book.run(each, self.shop.time, held=held, repriced=self.repriced, approved=approved)
            self.happened["adjustments"] += sum(one.amount > 0 for one in made)
            self.happened["credits"] += sum(one.amount < 0 for one in made)
        self._check(said.out[-6000:])
        if last:
            self._check_dues()  # its plan reads the sources, which still fail where they did
        self.shop.fault()

    def _disturb(self) -> None:
        if not self.trouble:
            self.trouble = self.random.sample(_TROUBLE, len(_TROUBLE))
        what = self.trouble.pop()
        if what:
            self.happened[what] += 1
            self.log.append(f"   {what}")
            trouble.RUNS[what](self.shop, self.random)

    def _edit_by_hand(self) -> None:
        """Change the quantity of an addition of a customer that this run bills. The run must change it back."""
        today = self.shop.time.date().isoformat()
        # Ids depend on which of several writes was the first, and the same seed must edit the same additions.
        for number, row in sorted(trouble.rows(self.shop).items(), key=lambda each: _content(each[1])):
            customer = self.customers[_of(row)[0]]
            ended = str(row.get("cancelledDate") or "9999")[:10] < today
            if self.sources.holds(customer) or customer.edited or ended or self.random.random() > _EDITED:
                continue
            if customer.terms.value["change"] == "agreement" or not row["quantity"] or "+" in row["serialNumber"]:
                continue
            if self.book.is_settled(_of(row)):
                continue
            agreement = self.shop.tenant.tables["addition"].rows[number].parent
            customer.edited = True
            self.happened["hand edits"] += 1
            self.log.append(f"   hand edit {number}")
            self.shop.patch_live(f"/finance/agreements/{agreement}/additions/{number}", quantity=7)

    def _close(self, month: date) -> None:
        """Close a month. What is unknown of it is accepted: a source leaves hours out, and a customer is left open."""
        said = self.shop("--json", "usage", "close", "--period", f"{month:%Y-%m}")
        if said.code == 3:
            unknown = said.json["error"]["unknown"]
            if not all(each["accept"] for each in unknown):
                self.happened["closes refused"] += 1
                return
            accepted = sorted({f"--accept={each['address']}=known" for each in unknown})
            said = self.shop("--json", "usage", "close", "--period", f"{month:%Y-%m}", *accepted)
        if said.code not in (0, 5):
            self._fail_with(f"close: exit {said.code}", said.out[-3000:] + said.err[-3000:])
        left = {each["address"] for each in said.json["left_open"]}
        self.happened["closes"] += 1
        self.happened["customers left open"] += len(left)
        self.log.append(f"   close of {month:%Y-%m}, without {sorted(left)}")
        self.book.close(month, (each for each in self.customers.values() if f"{each.source}/{each.number}" not in left))

    # ── checks ───────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, out: str) -> None:
        """Check that ConnectWise bills each customer as the book says, also in the months that are over."""
        tables = self.shop.tenant.tables
        products = {number: row.data["identifier"].lower() for number, row in tables["catalogItem"].rows.items()}
        names = {number: row.data["name"] for number, row in tables["agreement"].rows.items()}
        first = month_of(self.shop.time, NEW_YORK)[0].isoformat()
        found: dict[Of, list[Seen]] = defaultdict(list)
        for row in tables["addition"].rows.values():
            data, of = row.data, _of(row.data)
            if data["quantity"] and (of[1] or str(data.get("cancelledDate") or "9999")[:10] >= first):
                quantity, price = Decimal(str(data["quantity"])), Decimal(str(data["unitPrice"]))
                found[of].append(Seen(names[row.parent], products[data["product"]["id"]], quantity, price))
        wrong = [*self._differences(found, self.book.standing(self.customers.values()))]
        if wrong:
            self._fail_with("\n".join(wrong), out)

    def _check_dues(self) -> None:
        """Check that a plan names each amount that settled months lack or have too much, and no other one."""
        first = month_of(self.shop.time, NEW_YORK)[0]
        wanted = {
            (number, charge, f"{month:%Y-%m}"): due.amount
            for each in self.customers.values()
            for (number, month, charge), due in self.book.dues(each, first, repriced=self.repriced).items()
        }
        self.happened["amounts that wait"] += len(wanted)
        said = self.shop("--json", "plan")
        found = {}
        for row in said.json["coverage"]:
            if row["state"] in ("adjustment", "owed"):
                address = re.fullmatch(r"Addition/\w+\.([^:]+):.*@([\d-]+)\+\d+", row["address"])
                assert address is not None, row["address"]
                found[int(row["customer"]), address[1], address[2]] = Decimal(row["money"])
        if found != wanted:
            self._fail_with(f"the plan names {found}, not {wanted}", "")

    def _differences(self, found: dict[Of, list[Seen]], wanted: dict[Of, list[Seen]]) -> Iterator[str]:
        for of in sorted({*found, *wanted}):
            has, should = sorted(found.get(of, [])), sorted(wanted.get(of, []))
            if has != should:
                yield f"{of} {self.customers[of[0]].terms.value}:\n    has    {has}\n    should {should}"

    def _invoice(self, month: date, invoiced: str) -> None:
        """Make the invoices of a month, and compare their totals with the book."""
        for row in list(self.shop.tenant.tables["agreement"].rows.values()):
            name = row.data["name"]
            if manifests.AGREEMENTS[name] != invoiced:
                continue
            assert row.data["nextInvoiceDate"][:10] == month.isoformat(), (name, row.data["nextInvoiceDate"], month)
            body = {"type": "Agreement", "company": {"id": row.data["company"]["id"]}, "agreement": {"id": row.id}}
            answer = self.shop.http.post("/finance/invoices", json=body)
            assert answer.status_code == 201, answer.text
            self.log.append(f"   invoice of {name} for {month:%Y-%m}")
            total = cents(Decimal(str(answer.json()["total"])))
            lines = self.book.invoice(name, month)
            wanted = sum((line.amount for each in lines.values() for line in each), Decimal(0))
            if total != wanted:
                what = f"the invoice of {name} for {month:%Y-%m} bills {total}, not {wanted}"
                has = self._invoice_lines(answer.json()["id"], name)
                should = {of: [*seen(name, each)] for of, each in lines.items()}
                self._fail_with(what, "\n".join(self._differences(has, should)))
            self.happened["invoices"] += 1
            self.happened["cents"] += int(total * 100)

    def _invoice_lines(self, invoice: int, name: str) -> dict[Of, list[Seen]]:
        found: dict[Of, list[Seen]] = defaultdict(list)
        for line in self.shop.tenant.tables["invoice"].rows[invoice].secrets["lines"]:
            quantity, price = Decimal(line["quantity"]), Decimal(line["unitPrice"])
            if quantity:
                found[_of(line)].append(Seen(name, line["product"].lower(), quantity, price))
        return found

    def _fail_with(self, what: str, out: str) -> None:
        raise AssertionError("\n".join([what, *self.log[-60:], out]))


def _of(row: dict[str, Any]) -> Of:
    """Return the number of the customer and the month in the tag of an addition."""
    _, number, _, _, *month = str(row["serialNumber"]).split("/")
    return int(number), month[0] if month else ""


def simulate(shop: Shop, seed: int, customers: int, months: int) -> Counter[str]:
    """Simulate months of random customers, and return what happened."""
    simulation = Months(shop, seed, customers, months)
    simulation.run()
    return simulation.happened


def _content(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in ("serialNumber", "unitPrice", "effectiveDate", "quantity"))
