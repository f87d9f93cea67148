"""Simulate months: runs at random moments, random trouble, and an invoice of each agreement for each month."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.model import Level, Partner, State
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.money_grid import manifests
from tests.money_grid.axes import axes
from tests.money_grid.oracle import Line, Reading, cents, lines_of, midnight, month_of
from tests.money_grid.terms import NEW_YORK, PHASES, Terms, months_after
from tests.months import trouble
from tests.months.console import HOUR, SOURCES, Devices, Machine
from tests.shop import EXAMPLE, Shop

FIRST_MONTH = date(2026, 10, 1)
RUNS_A_MONTH = 4
CHANGES = ("nothing", "price", "range", "agreement", "mapping", "name", "device")
_ZERO = Decimal(0)
_PULLED_ALONE = 0.2


@dataclass
class Customer:
    """A customer, and what it is billed by the oracle."""

    terms: Terms
    readings: list[Reading] = field(default_factory=list)
    billed: list[Line] = field(default_factory=list)
    """What the last run that did not hold it has left."""
    agreement: str = ""
    """The agreement of these lines."""
    ran_with: Terms | None = None
    """Its terms in the last run."""
    ended_with: Terms | None = None
    """Its terms in the last run of the month before. None if there was none."""
    edited: date | None = None
    """The last day on which somebody edited one of its additions."""
    text: str = ""
    """The document of its mapping."""
    written_for: Terms | None = None
    """The terms that this document has."""

    @property
    def source(self) -> str:
        return self.terms.source

    @property
    def per_month(self) -> bool:
        return self.terms.value["invoiced"] == "arrears"

    @property
    def needs_only_used(self) -> bool:
        """Return whether a device without a used storage is unknown to all of its meters."""
        value = self.terms.value
        return (value["meter"], value["charges"]) == ("storage", "one") and value["allowance"] != "a meter"


class Months:
    """A workspace over several months. `figures` counts what happened."""

    def __init__(self, shop: Shop, seed: int, customers: int, months: int) -> None:
        self.shop, self.random, self.months = shop, Random(seed), months
        self.figures: Counter[str] = Counter()
        self.log: list[str] = [f"seed {seed}"]
        self.repriced = False
        self.shared: dict[bool, str] = {}
        """The documents that are not of one customer, by whether the prices have changed."""
        self.unknown: set[str] = set()
        """The sources whose last pull is not believed."""
        self.read: set[str] = set()
        """The sources with a believed pull. The first pull of a source is always good."""
        self.kept: dict[date, dict[int, tuple[str, list[Line]]]] = {}
        """By month that is not invoiced in arrears: the agreement and the lines of each customer."""
        begin = midnight(FIRST_MONTH, NEW_YORK)
        clock = Clock(begin - HOUR)
        shop.show(Sandbox(clock=clock, console=Console(clock, World(customers=0, started=clock.now()))))
        shutil.rmtree(shop.folder)
        shop.folder.mkdir()
        shutil.copy(EXAMPLE / "setup.yaml", shop.folder)
        self.devices = Devices(shop, self.random)
        self.customers = {each.terms.number: each for each in self._customers(customers)}
        world = shop.world
        world.put(Partner(9001, world.root_id, "Left out", Level.END_CUSTOMER, State.IN_PRODUCTION, shop.time))
        self._write()

    def _customers(self, number: int) -> Iterator[Customer]:
        names = [axis.name for axis in axes()]
        counts: Counter[str] = Counter()
        while sum(counts.values()) < number:
            cell = tuple(self.random.choice(axis.values) for axis in axes())
            value = dict(zip(names, cell, strict=True))
            source = f"{value['source']}-{value['unit']}"
            per_period = value["lines"] == "perPeriod" and value["invoiced"] == "advance"
            if (
                source not in SOURCES
                or value["phase"] != "middle"
                or value["change"] not in CHANGES
                or per_period
                or counts[source] > number // len(SOURCES)
                or manifests.problem(cell) is not None
            ):
                continue
            customer = Customer(Terms(SOURCES[source] * 100 + counts[source], cell))
            counts[source] += 1
            self.devices.add_customer(customer.terms.number, source)
            yield customer

    # ── manifests ────────────────────────────────────────────────────────────────────────────────────────

    def _write(self) -> None:
        """Write the manifests. Each document is turned into YAML once, because that takes long."""
        if self.repriced not in self.shared:
            documents = [
                manifests.workspace(SOURCES),
                *manifests.products(PHASES["middle"], changed=self.repriced),
                *manifests.meters(SOURCES),
                *manifests.company(FIRST_MONTH),
            ]
            self.shared[self.repriced] = manifests.to_yaml(documents)
        for each in self.customers.values():
            if each.written_for != each.terms:
                each.text, each.written_for = manifests.to_yaml([manifests.mapping(each.terms)]), each.terms
        texts = (self.shared[self.repriced], *(each.text for each in self.customers.values()))
        self.shop.write("months.yaml", "---\n".join(texts))

    def _change_manifests(self) -> None:
        """Change the rules, the agreement or the name of some mappings, and once the prices of products."""
        if not self.repriced and self.random.random() < 0.1:
            self.repriced = True
            self._changed(each for each in self.customers.values() if each.terms.value["change"] == "price")
        others = [
            each
            for each in self.customers.values()
            if not each.terms.changed and each.terms.value["change"] in ("range", "agreement", "mapping")
        ]
        self._changed(each for each in others if self.random.random() < 0.08)
        self._write()

    def _changed(self, customers: Any) -> None:
        for each in customers:
            each.terms = each.terms.later
            self.figures[f"changes of {each.terms.change}"] += 1
            self.log.append(f"   {each.terms.number} changes {each.terms.change}")

    # ── usage ────────────────────────────────────────────────────────────────────────────────────────────

    def _change_devices(self) -> None:
        """Move, add, remove and silence devices, and rename customers."""
        for source in SOURCES:
            here = [each for each in self.customers.values() if each.source == source]
            for what in ("moves", "new devices", "devices that go", "silent devices", "renames"):
                if self.random.random() < 0.3:
                    self._change_device(what, source, self.random.choice(here))
        for machine in self.devices.machines.values():
            machine.silent = machine.silent and self.random.random() < 0.4

    def _change_device(self, what: str, source: str, customer: Customer) -> None:
        devices, number = self.devices, customer.terms.number
        machine = self.random.choice(devices.of(number))
        if what in ("moves", "devices that go") and (len(devices.of(number)) < 3 or machine.silent):
            return
        self.figures[what] += 1
        self.log.append(f"   {what} {number} {machine.id}")
        match what:
            case "moves":
                others = [each for each in self.customers.values() if each.source == source and each is not customer]
                devices.move(machine, self.random.choice(others).terms.number, source)
            case "new devices":
                devices.add(number, source)
            case "devices that go":
                devices.remove(machine, source)
            case "silent devices":
                machine.silent = customer.needs_only_used
            case "renames":
                devices.rename(number, source)

    def _pull(self) -> None:
        """Let each source say its figures, or fail, or lose most devices. Add to the oracle what is believed."""
        self.shop.fault()
        self.unknown.clear()
        for source in SOURCES:
            figures = list(self.devices.figures(source))
            fate = self.random.random() if source in self.read else 1
            if fate < 0.08:
                self._fail(source, figures)
            elif fate < 0.14 and not source.startswith("cove"):
                self.figures["shrunken pulls"] += 1
                self.unknown.add(source)
                few = {each.owner for each, _ in figures[:20]}
                self.devices.publish(source, [each for each in figures if each[0].owner in few])
            else:
                self.read.add(source)
                figures += self._more(source)
                self.devices.publish(source, figures)
                self._read(figures)
        if "cove-GB" in self.unknown:
            self.shop.fault("500@/jsonapi")

    def _fail(self, source: str, figures: list[tuple[Machine, Reading]]) -> None:
        self.figures["failed pulls"] += 1
        self.unknown.add(source)
        self.log.append(f"   {source} fails")
        if not source.startswith("cove"):
            self.devices.path(source).unlink(missing_ok=True)
            self.devices.late[source] = figures

    def _more(self, source: str) -> list[tuple[Machine, Reading]]:
        """Return the late figures of a pull that failed, and corrections of hours that were read."""
        if source.startswith("cove"):
            return []
        _, begin, _ = month_of(self.shop.time, NEW_YORK)
        late = self.devices.late.pop(source, [])
        same = {number for number in self.customers if self._unchanged(number, late)}
        found = [each for each in late if each[0].owner in same and each[1].at >= begin]
        self.figures["late figures"] += len(found)
        for number, customer in self.customers.items():
            machines = [each for each in self.devices.of(number) if not each.silent]
            if customer.source != source or not machines or self.random.random() > 0.1:
                continue
            machine = self.random.choice(machines)
            read = [each for each in customer.readings if each.device == machine.id and each.at >= begin]
            if read and machine.since is not None and read[0].at >= machine.since:
                at = self.random.choice(read).at + timedelta(minutes=20)
                if at.astimezone(UTC).minute < 60:
                    columns = self.devices.columns(machine, source)
                    found.append((machine, Reading(machine.id, at, columns)))
                    self.figures["corrected figures"] += 1
        return found

    def _unchanged(self, number: int, late: list[tuple[Machine, Reading]]) -> bool:
        """Return whether a customer has the devices that it had when late figures were measured."""
        then = {each.id for each, _ in late if each.owner == number}
        now = self.devices.of(number)
        began = min((each.at for _, each in late), default=self.shop.time)
        return then == {each.id for each in now} and all(
            not each.silent and each.since is not None and each.since < began for each in now
        )

    def _read(self, figures: list[tuple[Machine, Reading]]) -> None:
        silent = {each.owner for each in self.devices.machines.values() if each.silent}
        for machine, reading in figures:
            if machine.owner not in silent:
                self.customers[machine.owner].readings.append(reading)

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Simulate all months."""
        said = self.shop("apply", "--auto-approve", "--only", "setup")
        assert said.code == 0, said.err + said.out
        for number in range(self.months):
            self._month(months_after(FIRST_MONTH, number))
        self._invoice(months_after(FIRST_MONTH, self.months - 1), "arrears")

    def _month(self, month: date) -> None:
        for customer in self.customers.values():
            customer.ended_with, customer.ran_with = customer.ran_with, None
            if customer.per_month:
                customer.billed = []
        late_invoice = self.random.random() < 0.5
        if month > FIRST_MONTH and not late_invoice:
            self._invoice(months_after(month, -1), "arrears")
        for place, moment in enumerate(self._moments(month)):
            self.shop.advance((moment - self.shop.time) / HOUR)
            self._hour(last=place == RUNS_A_MONTH - 1)
            if place == 0 and month > FIRST_MONTH and late_invoice:
                self._invoice(months_after(month, -1), "arrears")
        self._keep(month)
        self._invoice(month, "advance")

    def _moments(self, month: date) -> list[datetime]:
        """Return the moments of the runs: one soon after the begin of the month, and one soon before its end."""
        begin, end = midnight(month, NEW_YORK), midnight(months_after(month, 1), NEW_YORK)
        between = sorted(self.random.sample(range(2, 28), RUNS_A_MONTH - 2))
        days = [begin + timedelta(days=day, hours=self.random.randint(0, 8)) for day in between]
        found = [begin + self.random.randint(4, 20) * HOUR, *days, end - self.random.randint(1, 10) * HOUR]
        return [each + timedelta(minutes=10) for each in found]

    def _hour(self, *, last: bool) -> None:
        self.log.append(f"── {self.shop.now}")
        self._change_devices()
        self._change_manifests()
        self._pull()
        if not last and self.random.random() < _PULLED_ALONE:
            self.figures["pulls without a run"] += 1
            assert self.shop("usage", "pull").code in (0, 1, 5)
            return
        self._edit_by_hand()
        self._disturb()
        if self.random.random() < 0.3:
            self.figures["runs with 429"] += 1
            self.shop.fault(*self.shop.sandbox.faults.specs, "429:every=9@/finance")
        said = self.shop("apply", "--auto-approve")
        if said.code not in (0, 5):
            self._fail_with(f"exit {said.code}", said.out[-3000:] + said.err[-3000:])
        self.figures["runs"] += 1
        self.shop.fault()
        self._bill()
        self._check(said.out[-6000:])

    def _disturb(self) -> None:
        fate, random = self.random.random(), self.random
        if fate < 0.1:
            self.figures["wrong clocks"] += 1
            trouble.run_with_a_wrong_clock(self.shop, random)
        elif fate < 0.3:
            self.figures["lost answers"] += 1
            trouble.run_that_loses_answers(self.shop, random)
        elif fate < 0.33:
            self.figures["kills"] += 1
            trouble.run_that_is_killed(self.shop, random)

    def _edit_by_hand(self) -> None:
        """Change the quantity of an addition of a customer that this run bills. The run must change it back."""
        today = self.shop.time.date()
        for number, row in trouble.rows(self.shop).items():
            customer = self.customers[_number(row)]
            ended = str(row.get("cancelledDate") or "9999")[:10] < today.isoformat()
            if self._holds(customer) or customer.edited is not None or ended or self.random.random() > 0.03:
                continue
            if customer.terms.value["change"] == "agreement" or not row["quantity"]:
                continue
            agreement = self.shop.tenant.tables["addition"].rows[number].parent
            customer.edited = today
            self.figures["hand edits"] += 1
            self.log.append(f"   hand edit {number}")
            self.shop.patch_live(f"/finance/agreements/{agreement}/additions/{number}", quantity=7)

    def _holds(self, customer: Customer) -> bool:
        silent = any(each.silent for each in self.devices.of(customer.terms.number))
        return customer.source in self.unknown or silent

    def _bill(self) -> None:
        for customer in self.customers.values():
            if not self._holds(customer):
                customer.billed = lines_of(customer.terms, customer.readings, self.shop.time)
                customer.agreement = customer.terms.agreement
                self._bill_ended(customer)
            else:
                self.figures["customers held"] += 1
            customer.ran_with = customer.terms

    def _bill_ended(self, customer: Customer) -> None:
        """Bill a month that has ended again, if no invoice has it: by its own terms, from the figures of now."""
        first, begin, _ = month_of(self.shop.time, NEW_YORK)
        kept, terms = self.kept.get(months_after(first, -1)), customer.ended_with
        if not customer.per_month or kept is None or terms is None:
            return
        end = begin - timedelta(seconds=1)
        since = month_of(end, NEW_YORK)[1]
        since = since if terms.start is None else max(since, midnight(terms.start, NEW_YORK))
        if any(since <= each.at < begin for each in customer.readings):
            agreement, lines = kept[customer.terms.number]
            stays = agreement if lines else terms.agreement  # a move that was never made is not made for an ended month
            kept[customer.terms.number] = (stays, lines_of(terms, customer.readings, end))

    # ── checks ───────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, out: str) -> None:
        """Check that ConnectWise bills each customer as the oracle says, and that a second plan is empty."""
        tables = self.shop.tenant.tables
        products = {number: row.data["identifier"].lower() for number, row in tables["catalogItem"].rows.items()}
        names = {number: row.data["name"] for number, row in tables["agreement"].rows.items()}
        first = month_of(self.shop.time, NEW_YORK)[0].isoformat()
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in tables["addition"].rows.values():
            data = row.data
            if data["quantity"] and str(data.get("cancelledDate") or "9999")[:10] >= first:
                line = (names[row.parent], products[data["product"]["id"]], Decimal(str(data["quantity"])),
                        Decimal(str(data["unitPrice"])))  # fmt: skip
                found[_number(data)].append(line)
        for number, customer in self.customers.items():
            wanted = [(customer.agreement, each.product, each.quantity, each.price) for each in customer.billed]
            if sorted(found[number]) != sorted(wanted):
                self._fail_with(f"{number} {customer.terms.value}: {found[number]}, not {wanted}", out)

    def _keep(self, month: date) -> None:
        """Keep what the invoices of a month must bill."""
        self.kept[month] = {
            number: (customer.agreement, customer.billed) for number, customer in self.customers.items()
        }
        self.figures["customer-months"] += len(self.customers)

    def _invoice(self, month: date, invoiced: str) -> None:
        """Make the invoices of a month, and compare their totals with the oracle."""
        for row in list(self.shop.tenant.tables["agreement"].rows.values()):
            name = row.data["name"]
            if manifests.AGREEMENTS[name] != invoiced:
                continue
            assert row.data["nextInvoiceDate"][:10] == month.isoformat(), (name, row.data["nextInvoiceDate"], month)
            body = {"type": "Agreement", "company": {"id": row.data["company"]["id"]}, "agreement": {"id": row.id}}
            answer = self.shop.http.post("/finance/invoices", json=body)
            assert answer.status_code == 201, answer.text
            total = cents(Decimal(str(answer.json()["total"])))
            lines = [line for agreement, lines in self.kept[month].values() if agreement == name for line in lines]
            wanted = sum((line.amount for line in lines), _ZERO)
            if total != wanted:
                what = f"the invoice of {name} for {month:%Y-%m} bills {total}, not {wanted}"
                self._fail_with(what, "\n".join(self._differences(answer.json()["id"], name, month)))
            self.figures["invoices"] += 1
            self.figures["cents"] += int(total * 100)
        if invoiced == "arrears":
            del self.kept[month]

    def _differences(self, invoice: int, name: str, month: date) -> Iterator[str]:
        """Yield each customer whose lines on an invoice are not those of the oracle."""
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for line in self.shop.tenant.tables["invoice"].rows[invoice].secrets["lines"]:
            if Decimal(line["quantity"]):
                row = (line["product"].lower(), Decimal(line["quantity"]), Decimal(line["unitPrice"]))
                found[_number(line)].append(row)
        for number, (agreement, lines) in self.kept[month].items():
            wanted = [(each.product, each.quantity, each.price) for each in lines if agreement == name]
            if sorted(wanted) != sorted(found[number]):
                yield f"{number} {self.customers[number].terms.value}: {found[number]}, not {wanted}"

    def _fail_with(self, what: str, out: str) -> None:
        raise AssertionError("\n".join([what, *self.log[-40:], out]))


def _number(row: dict[str, Any]) -> int:
    """Return the number of the customer in the tag of an addition."""
    return int(str(row["serialNumber"]).split("/")[1])


def simulate(shop: Shop, seed: int, customers: int, months: int) -> Counter[str]:
    """Simulate months of random customers, and return what happened."""
    simulation = Months(shop, seed, customers, months)
    simulation.run()
    return simulation.figures
