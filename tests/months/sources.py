"""What the sources say of the simulated devices: pulls that fail, lose devices, come late, and correct hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from tests.money_grid.oracle import Reading, month_of
from tests.money_grid.terms import NEW_YORK
from tests.months.console import GB, SOURCES, Devices, Machine
from tests.months.customers import Customer
from tests.shop import Shop

_FAILS, _SHRINKS, _OF_PAST_MONTH = 0.12, 0.08, 0.7
_CORRECTED = {True: 0.1, False: 0.7}
"""How often a pull corrects a figure of a customer, by whether its additions are those of all months."""
Figures = list[tuple[Machine, Reading]]


class Sources:
    """The usage sources. What the reconciler must know of them is added to the readings of the customers."""

    def __init__(self, shop: Shop, random: Random, customers: Mapping[int, Customer], happened: Counter[str]) -> None:
        self.shop, self.random, self.customers, self.happened = shop, random, customers, happened
        self.devices = Devices(shop, random)
        self.log: list[str] = []
        self.unknown: set[str] = set()
        """The sources whose last pull is not believed."""
        self.read: set[str] = set()
        """The sources with a believed pull. The first pull of a source is always good."""
        for each in customers.values():
            self.devices.add_customer(each.number, each.source)

    # ── devices ──────────────────────────────────────────────────────────────────────────────────────────

    def change_devices(self) -> None:
        """Move, add, remove and silence devices, and rename customers."""
        for source in SOURCES:
            here = [each for each in self.customers.values() if each.source == source]
            for what in ("moves", "new devices", "devices that go", "silent devices", "renames"):
                fitting = [each for each in here if what != "silent devices" or each.needs_only_used]
                if fitting and self.random.random() < 0.3:
                    self._change(what, source, self.random.choice(fitting))
        for machine in self.devices.machines.values():
            machine.silent = machine.silent and self.random.random() < 0.4

    def _change(self, what: str, source: str, customer: Customer) -> None:
        devices, number = self.devices, customer.number
        machine = self.random.choice(devices.of(number))
        if what in ("moves", "devices that go") and (len(devices.of(number)) < 3 or machine.silent):
            return
        if what == "silent devices" and not machine.known:
            return
        self.happened[what] += 1
        self.log.append(f"   {what} {number} {machine.id}")
        match what:
            case "moves":
                others = [each for each in self.customers.values() if each.source == source and each is not customer]
                devices.move(machine, self.random.choice(others).number, source)
            case "new devices":
                devices.add(number, source)
            case "devices that go":
                devices.remove(machine, source)
            case "silent devices":
                machine.silent = True
            case "renames":
                devices.rename(number, source)

    # ── pulls ────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self) -> None:
        """Let each source say its figures, or fail, or lose most devices."""
        self.unknown.clear()
        for source in SOURCES:
            figures = list(self.devices.figures(source))
            fate = self.random.random() if source in self.read else 1
            if fate < _FAILS:
                self._fail(source, figures)
            elif fate < _FAILS + _SHRINKS and not source.startswith("cove"):
                self.happened["shrunken pulls"] += 1
                self.log.append(f"   {source} shrinks")
                self.unknown.add(source)
                few = {each.owner for each, _ in figures[:20]}
                self.devices.publish(source, [each for each in figures if each[0].owner in few])
            else:
                more = self._more(source)
                self.devices.publish(source, figures + more)
                self.read.add(source)
                silent = {each.owner for each in self.devices.machines.values() if each.silent}
                self._believe([each for each in figures if each[0].owner not in silent] + more)
        if "cove-GB" in self.unknown:
            self.shop.fault("500@/jsonapi")

    def _fail(self, source: str, figures: Figures) -> None:
        self.happened["failed pulls"] += 1
        self.unknown.add(source)
        self.log.append(f"   {source} fails")
        if not source.startswith("cove"):
            self.devices.path(source).unlink(missing_ok=True)
            self.devices.late[source] = figures

    def holds(self, customer: Customer) -> bool:
        """Return whether the usage of a customer is not known now."""
        return customer.source in self.unknown or any(each.silent for each in self.devices.of(customer.number))

    def _more(self, source: str) -> Figures:
        """Return the late figures of a pull that failed, and corrections of hours that were read."""
        if source.startswith("cove"):
            return []
        late = self.devices.late.pop(source, [])
        same = {number for number in self.customers if self._unchanged(number, late)}
        found = [each for each in late if each[0].owner in same]
        self.happened["late figures"] += len(found)
        since = self._corrected_since()
        for number, customer in self.customers.items():
            machines = [each for each in self.devices.of(number) if not each.silent]
            if customer.source != source or not machines or self.random.random() > _CORRECTED[customer.terms.rolls]:
                continue
            machine = self.random.choice(machines)
            read = [each for each in customer.readings if each.device == machine.id and each.at >= since]
            if read and machine.since is not None and read[0].at >= machine.since:
                only_last = customer.terms.charges[0].measure == "last"
                wrong = self._corrected(read, only_last=only_last).at
                at = wrong + timedelta(minutes=(60 - wrong.minute) // 2)  # in the same hour
                machine.used = self.random.randint(5, 400) * GB
                found.append((machine, Reading(machine.id, at, self.devices.columns(machine, source))))
                self.happened["corrected figures"] += 1
                self.log.append(f"   {number} {machine.id} corrected at {at:%Y-%m-%d %H:%M}")
        return found

    def _corrected(self, read: list[Reading], *, only_last: bool) -> Reading:
        """Return the figure of a device to correct, often one of the month before. With `only_last`, its last one."""
        begin = month_of(self.shop.time, NEW_YORK)[1]
        past = [each for each in read if each.at < begin]
        some = past if past and self.random.random() < _OF_PAST_MONTH else read
        return max(some, key=lambda each: each.at) if only_last else self.random.choice(some)

    def _corrected_since(self) -> datetime:
        """Return the first moment of the month before."""
        _, begin, _ = month_of(self.shop.time, NEW_YORK)
        return month_of(begin - timedelta(days=1), NEW_YORK)[1]

    def _unchanged(self, number: int, late: Figures) -> bool:
        """Return whether a customer has the devices that it had when late figures were measured."""
        then = {each.id for each, _ in late if each.owner == number}
        now = self.devices.of(number)
        began = min((each.at for _, each in late), default=self.shop.time)
        return then == {each.id for each in now} and all(
            not each.silent and each.since is not None and each.since < began for each in now
        )

    def _believe(self, figures: Figures) -> None:
        for machine, reading in figures:
            machine.known = True
            self.customers[machine.owner].readings.append(reading)
