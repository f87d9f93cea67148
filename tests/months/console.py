"""The devices of the simulated customers, and what their sources say of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from reconciler.sandbox.cove.data.model import Device, Level, Partner, Segment, State
from tests.money_grid.oracle import Columns, Reading
from tests.shop import Shop

GB = 10**9
HOUR = timedelta(hours=1)
HISTORY = tuple(timedelta(hours=hours) for hours in (3, 2, 1, 0))
"""How long before a pull a file has figures. The console has only the figure of the moment."""
SOURCES = {"csv-GB": 30, "json-GiB": 40, "cove-GB": 50}
"""The sources, with the first two digits of their customers' numbers."""


@dataclass
class Machine:
    """A device. Its figures change between pulls."""

    id: str
    owner: int
    used: int
    silent: bool = False
    known: bool = False
    """Whether a believed pull had a figure of it."""
    since: datetime | None = None
    """When it came to its owner. None: before the simulation."""


@dataclass
class Devices:
    """All devices, and the figures that the sources gave of them."""

    shop: Shop
    random: Random
    machines: dict[str, Machine] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    late: dict[str, list[tuple[Machine, Reading]]] = field(default_factory=dict)
    """By source: the figures of pulls that failed, which the next file may have."""
    made: int = 0
    """The number of devices that were ever made."""

    def add_customer(self, number: int, source: str) -> None:
        self.names[number] = f"Customer {number}"
        world = self.shop.world
        if source.startswith("cove"):
            world.put(Partner(number, world.root_id, self.names[number], Level.END_CUSTOMER, State.IN_PRODUCTION,
                              self.shop.time))  # fmt: skip
        for _ in range(self.random.randint(3, 5)):
            self.add(number, source)

    def add(self, number: int, source: str) -> None:
        place, self.made = self.made, self.made + 1
        machine = Machine(f"{700_000 + place}", number, self.random.randint(5, 180) * GB, since=self.shop.time)
        self.machines[machine.id] = machine
        if source.startswith("cove"):
            self.shop.world.devices[int(machine.id)] = Device(
                int(machine.id), number, f"host-{place % 3}", self.shop.time, [Segment(self.shop.time, 0, 0)],
                os_type=2 if place % 3 != 1 else 1, virtual=place % 2 == 1,
            )  # fmt: skip
            self.shop.world.version += 1

    def of(self, number: int) -> list[Machine]:
        return [each for each in self.machines.values() if each.owner == number]

    def move(self, machine: Machine, number: int, source: str) -> None:
        machine.owner, machine.since = number, self.shop.time
        if source.startswith("cove"):
            self.shop.world.move_device(int(machine.id), number, self.shop.time)

    def remove(self, machine: Machine, source: str) -> None:
        del self.machines[machine.id]
        if source.startswith("cove"):
            self.shop.world.remove_device(int(machine.id), self.shop.time)

    def rename(self, number: int, source: str) -> None:
        self.names[number] += "x"
        if source.startswith("cove"):
            self.shop.world.rename(number, self.names[number], self.shop.time)

    # ── figures ──────────────────────────────────────────────────────────────────────────────────────────

    def columns(self, machine: Machine, source: str) -> Columns:
        """Return what a source says of a device. Each call gives another size."""
        machine.used = max(GB, machine.used * self.random.randint(90, 112) // 100 + self.random.randint(0, GB))
        place = int(machine.id) - 700_000
        server = place % 3 != 1
        if source.startswith("cove"):
            kind = ("Virtual" if place % 2 else "Physical") if server else ""
            return {
                "used": machine.used, "T3": machine.used * 6 // 5, "OT": "2" if server else "1",
                "I81 of a server": kind, "AN": f"host-{place % 3}", "PD": 1, "PN": "All-In",
            }  # fmt: skip
        return {
            "used": machine.used, "kind": "server" if server else "workstation",
            "seats": self.random.randint(0, 9), "edition": self.random.choice("ABC"),
        }  # fmt: skip

    def figures(self, source: str) -> Iterator[tuple[Machine, Reading]]:
        """Yield the figures of now, and in a file those of the hours before."""
        now = self.shop.time
        for machine in self.machines.values():
            if SOURCES[source] != machine.owner // 100:
                continue
            for before in HISTORY if not source.startswith("cove") else HISTORY[-1:]:
                yield machine, Reading(machine.id, now - before, self.columns(machine, source))

    def publish(self, source: str, figures: list[tuple[Machine, Reading]]) -> None:
        """Let the source say these figures. A silent device has none."""
        if source.startswith("cove"):
            for machine, reading in figures:
                used = None if machine.silent else int(reading.columns["used"])
                self.shop.world.resize_device(int(machine.id), used, reading.at)
            return
        rows: list[dict[str, Any]] = [
            {
                "customer_id": str(machine.owner),
                "customer_name": self.names[machine.owner],
                "device_id": machine.id,
                "unit": "B",
                "as_of": reading.at.isoformat(),
                **reading.columns,
                "used": None if machine.silent else reading.columns["used"],
            }
            for machine, reading in figures
        ]
        path = self.path(source)
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            if source.startswith("json"):
                json.dump(rows, file)
            else:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

    def path(self, source: str) -> Path:
        return self.shop.folder.parent / "usage" / f"{source}.{source.partition('-')[0]}"
