"""Simulate random hours of billing: events, an apply, and a comparison of every addition with the oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.shop import Said, Shop
from tests.simulation.console import Console
from tests.simulation.events import Events
from tests.simulation.oracle import Limits, Oracle, Period, Row, Verdict, live
from tests.simulation.readings import Readings
from tests.simulation.terms import PRODUCTS, Terms, documents_of, draw, products

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Adelaide", "UTC", "America/St_Johns")
ANCHORS = ((2026, 12, 1), (2027, 1, 1), (2027, 3, 28), (2027, 4, 1), (2027, 4, 4))
PACES = (1, 1, 1, 1, 1, 1, 0.25, 0.4, 2, 3, 7, 26)
SHOWN = ("quantity", "unitPrice", "unitCost", "serialNumber", "effectiveDate", "cancelledDate", "billCustomer")
CUSTOMERS = 6


class Month:
    """One simulated month. `log` has the events, for the message of a failure."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random, self.log = shop, Random(seed), [f"seed {seed}"]
        random = self.random
        zone = ZoneInfo(random.choice(ZONES))
        shop.only()
        shop.world.version += 1
        year, month, day = random.choice(ANCHORS)
        anchor = datetime(year, month, day, tzinfo=zone).astimezone(UTC) - timedelta(hours=random.randint(2, 20))
        shop.advance((anchor - shop.time).total_seconds() / 3600)
        grace = timedelta(hours=random.choice((3, 6, 24)))
        self.limits = Limits(
            zone, grace, Decimal(random.choice((60, 500))), random.choice((3, 10)),
            random.choice((None, Decimal(20))), vanished=random.choice(("error", "error", "warn")),
        )  # fmt: skip
        self.console = Console(shop)
        self.oracle = Oracle(self.limits, Readings(grace, timedelta(hours=6)))
        self.prices = {
            name: Decimal(price) for name, price in zip(PRODUCTS, ("0.15", "0.14", "0.12", "0.1"), strict=True)
        }
        self.terms: dict[int, Terms] = {}
        for index in range(CUSTOMERS):
            self.customer(f"c{index}", beside="c0" if index == 1 and random.random() < 0.5 else None)
        self.exclusions: dict[int, str] = {}
        self.without: dict[int, set[int]] = {}
        self.failing = False
        self.duplicates: dict[int, tuple[str, list[int]]] = {}
        self.ours: dict[int, int] = {}
        """The customer of each addition that ever had our tag, by the id of the addition."""
        self.foreign: set[int] = set()
        self.events = Events(self)
        self.workspace()
        self.write()

    # ── manifests ────────────────────────────────────────────────────────────────────────────────────────

    def customer(self, key: str, beside: str | None = None) -> Terms:
        random = self.random
        sizes = [random.randint(5, 250) * 10**9 + random.randint(0, 10**9) for _ in range(random.randint(1, 4))]
        terms = draw(random, self.console.add(f"Customer {key}", *sizes), key)
        terms.beside = beside
        self.terms[terms.number] = terms
        return terms

    def workspace(self) -> None:
        limits = self.limits
        text = (self.shop.folder / "workspace.yaml").read_text(encoding="utf-8")
        head, _, _ = text.partition("  billing:\n")
        money = "null" if limits.money is None else limits.money
        self.shop.write("workspace.yaml", f"""{head}  billing:
    timezone: {limits.zone.key}
    currency: USD
    graceHours: {limits.grace.total_seconds() / 3600:.0f}
    vanished: {limits.vanished}
  guardrails:
    quantity: {{percent: 50, amount: {limits.quantity}}}
    customers: {{percent: 20, amount: 50, share: 50, atLeast: {limits.customers}}}
    money: {money}
    updates: null
""")  # fmt: skip

    def write(self) -> None:
        """Write all manifests in their current state."""
        shop = self.shop
        shop.write("products.yaml", products(self.prices))
        defaults = (shop.folder / "defaults.yaml").read_text(encoding="utf-8")
        shop.write("defaults.yaml", defaults.replace("    product: backup-gb\n", ""))
        for terms in self.terms.values():
            shop.write(f"customers/{terms.key}.yaml", documents_of(terms))
        rows = [(f"x{number}", number, None) for number in self.exclusions]
        rows += [(f"x{device}", number, device) for number, devices in self.without.items() for device in devices]
        text = "".join(
            f"""---
apiVersion: reconciler/v1
kind: Exclusion
metadata: {{name: {name}}}
spec:
  customer: {{source: cove, id: "{number}"}}
  reason: test
""" + ("" if device is None else f'  device: "{device}"\n')
            for name, number, device in rows
        )  # fmt: skip
        path = shop.folder / "customers" / "exclusions.yaml"
        if text:
            shop.write("customers/exclusions.yaml", text)
        elif path.exists():
            path.unlink()

    # ── the tenant ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def period(self) -> Period:
        return Period(self.shop.time, self.limits.zone)

    def rows(self) -> dict[int, Row]:
        """Return every addition of the tenant, by id."""
        tables = self.shop.tenant.tables
        found = {}
        for number, row in tables["addition"].rows.items():
            data = {name: row.data.get(name) for name in SHOWN}
            data["id"], data["agreement"] = number, row.parent
            data["product"] = tables["catalogItem"].rows[row.data["product"]["id"]].data["identifier"]
            found[number] = data
            tag = data["serialNumber"] or ""
            if tag.startswith("rc:"):
                self.ours.setdefault(number, int(tag.split("/")[1]))
        return found

    def rows_of(self, number: int, rows: dict[int, Row]) -> list[Row]:
        """Return the live additions of a customer."""
        today = self.period.today
        return [row for key, row in rows.items() if self.ours.get(key) == number and live(row, today)]

    def has_duplicate(self, number: int, rows: dict[int, Row]) -> bool:
        """Return whether two live additions have the same tag."""
        _, ids = self.duplicates.get(number, ("", []))
        return bool(ids) and all(live(rows[each], self.period.today) for each in ids)

    def agreement(self, terms: Terms) -> Any:
        rows = self.shop.tenant.tables["agreement"].rows.values()
        return next((row for row in rows if row.data["name"] == terms.agreement), None)

    def begins(self, terms: Terms) -> str:
        """Return the first day of a new addition."""
        day = max(self.period.first, terms.start or self.period.first).isoformat()
        row = self.agreement(terms)
        if row is None:
            return day
        prorates = next(each.prorate for each in self.terms.values() if each.key == terms.home)
        following = row.data["nextInvoiceDate"][:10]
        touched = bool(self.shop.tenant.children("invoice", row.id)) or row.id in self.events.invoiced
        return str(max(day, following)) if touched and not prorates else day

    def pull(self, *, approved: bool = False) -> None:
        """Give the oracle what a run reads: a pull of now, and before it the hours in which no run was there."""
        readings, now = self.oracle.readings, self.shop.time
        if self.failing:
            readings.read(now, None)
            return
        newest = readings.pulls[-1].listing if readings.pulls else {}
        former = {device: number for number, devices in newest.items() for device in devices}
        period = self.period
        start, end = period.moment(period.first), period.moment(period.last + timedelta(days=1))
        earlier = period.moment((period.first - timedelta(days=1)).replace(day=1))
        months = ((start, end), (earlier, start))
        readings.catch_up(now, months, lambda moment: self.console.past(moment, former))
        readings.read(now, self.console.listing, approved=approved)

    # ── one run ──────────────────────────────────────────────────────────────────────────────────────────

    def expected(
        self, rows: dict[int, Row], approved: set[str]
    ) -> tuple[int, dict[int, tuple[Terms, Verdict, list[Row]]]]:
        oracle, period = self.oracle, self.period
        verdicts = {}
        for number, terms in self.terms.items():
            if not terms.mapped or number in self.exclusions:
                continue
            mine = self.rows_of(number, rows)
            without = frozenset(self.without.get(number, ()))
            verdict = oracle.judge(terms, period, mine, without, self.has_duplicate(number, rows))
            if "samples" in verdict.trips and "samples" in approved:
                oracle.memory[number].samples = period.name
            verdict.trips -= {name for name in verdict.trips
                              if name in approved or f"{name}=CustomerMapping/{terms.mapping}" in approved}  # fmt: skip
            verdict.begins = self.begins(terms)
            if not verdict.held and verdict.reason != "waiting":
                there = {row["product"]: row["effectiveDate"][:10] for row in mine}
                if any(there.get(product, verdict.begins) > period.last.isoformat() for product in verdict.lines):
                    verdict.accounted = False
            first = period.first.isoformat()
            billing = [row for key, row in rows.items() if self.ours.get(key) == number
                       and (not row["cancelledDate"] or row["cancelledDate"][:10] >= first)]  # fmt: skip
            verdicts[number] = (terms, verdict, billing)
        if oracle.run_trips(verdicts, period, self.prices) - approved:
            return 3, verdicts
        orphans = any(
            row["quantity"] and (row["serialNumber"] or "").startswith("rc:") and live(row, period.today)
            for key, row in rows.items()
            if key in self.ours and self.ours[key] not in verdicts
        )
        listed = self.console.customers if not self.failing else {}
        lost = not oracle.readings.newest_believed
        unmapped = any(
            devices and number not in verdicts and number not in self.exclusions for number, devices in listed.items()
        )
        fine = all(v.accounted and not v.trips for _, v, _ in verdicts.values()) and not orphans and not lost
        return (0 if fine and not unmapped else 5), verdicts

    def hour(self) -> None:
        """Advance the time, change usage, apply events, run an apply, and check its result."""
        random, shop = self.random, self.shop
        shop.advance(random.choice(PACES))
        for number, devices in self.console.customers.items():
            for device, size in list(devices.items()):
                if size:
                    self.console.resize(number, device, size * random.randint(97, 104) // 100)
        self.log.append(f"── {shop.now} {self.period.now.astimezone(self.limits.zone)}")
        self.events.happen()
        self.write()
        approved = {name for name in ("samples", "quantity", "zero", "customers", "money") if random.random() < 0.4}
        if "samples" in approved:
            approved |= {"customers", "money"}
        if random.random() < 0.2 and "quantity" not in approved:
            approved.add(f"quantity=CustomerMapping/{random.choice(list(self.terms.values())).mapping}")
        arguments = [word for name in sorted(approved) for word in ("--approve", name)]
        before = self.rows()
        self.pull()
        code, verdicts = self.expected(before, approved)
        self.log.append(f"   {code} {sorted(approved)}")
        self.log += [f"     {t.key} {t.mapping} {t.measure} {t.tiering}: {v}" for t, v, _ in verdicts.values()]
        self.events.disturb(arguments)
        said = shop("apply", "--auto-approve", *arguments)
        self.check(said, code, verdicts, before)
        if code == 3:
            return
        self.oracle.done(verdicts, self.period, self.prices)
        self.check_second_plan(verdicts)

    def fail(self, what: str, said: Said) -> None:
        raise AssertionError("\n".join([what, *self.log[-34:], said.out[-5000:], said.err[-2000:]]))

    def check(  # noqa: PLR0912 - one check after another
        self, said: Said, code: int, verdicts: dict[int, tuple[Terms, Verdict, list[Row]]], before: dict[int, Row]
    ) -> None:
        if "Traceback" in said.err + said.out:
            self.fail("a traceback", said)
        after = self.rows()
        before = self.events.settled or before
        if said.code != code:
            self.fail(f"exit {said.code}, not {code}", said)
        for key, row in before.items():
            number = self.ours.get(key)
            free = code != 3 and number in verdicts and not verdicts[number][1].held and not verdicts[number][1].trips
            if not free and after.get(key) != row:
                self.fail(f"touched {row} → {after.get(key)}", said)
        if code == 3:
            if len(after) != len(before):
                self.fail("a refused run wrote", said)
            return
        for number, (terms, verdict, _) in verdicts.items():
            mine = self.rows_of(number, after)
            if verdict.held or verdict.trips:
                if len(mine) != len(self.rows_of(number, before)):
                    self.fail(f"{terms.key} is held and has new additions", said)
                continue
            found = sorted((row["product"], Decimal(row["quantity"])) for row in mine if row["quantity"])
            if found != sorted(verdict.lines.items()):
                self.fail(f"{terms.key}: {found}, not {verdict.lines}; {mine}", said)
            for row in mine:
                price = self.prices[row["product"].lower()]
                if row["quantity"] and Decimal(str(row["unitPrice"])) != price:
                    self.fail(f"{terms.key}: price {row}", said)
                if row["quantity"] and row["cancelledDate"]:
                    self.fail(f"{terms.key}: ends {row}", said)
                if row["quantity"] and row["serialNumber"] != f"rc:cove/{number}/{terms.mapping}/storage":
                    self.fail(f"{terms.key}: tag {row}", said)
                if row["id"] not in before and row["effectiveDate"][:10] != verdict.begins:
                    self.fail(f"{terms.key}: begins {row}, not {verdict.begins}", said)

    def check_second_plan(self, verdicts: dict[int, tuple[Terms, Verdict, list[Row]]]) -> None:
        """Check that a second plan is empty, except for customers that a guardrail holds."""
        held = {terms.mapping for terms, verdict, _ in verdicts.values() if verdict.trips}
        said = self.shop("--json", "plan")
        if said.code not in (0, 3, 5):
            self.fail(f"a second plan exits with {said.code}", said)
        left = [each for each in said.json["actions"]
                if each["address"].partition("/")[2].partition(".")[0] not in held]  # fmt: skip
        if left:
            self.fail(f"a second plan has {left}", said)


def simulate(shop: Shop, seed: int, hours: int) -> None:
    """Run `hours` steps, from some hours before the start of a month or a clock change."""
    month = Month(shop, seed)
    said = shop("apply", "--auto-approve", "--only", "setup")
    assert said.code == 0, said.err + said.out
    month.events.begin()
    for _ in range(hours):
        month.hour()
