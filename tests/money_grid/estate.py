"""An estate with many customers of the grid, from its first run to its last one."""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.metering.sources import registry
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.model import Device, Level, Partner, Segment, State
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.money_grid import manifests
from tests.money_grid.axes import Cell
from tests.money_grid.oracle import Columns, Line, Reading, lines_of, midnight
from tests.money_grid.terms import HOUR, Terms, months_after
from tests.shop import EXAMPLE, Said, Shop

FIRST = 5001
SINK = 4001
"""The customer that gets the devices which move. It has no mapping."""
GB = 10**9
HISTORY = 6 * HOUR
"""How long before a moment a file has figures: with those of 21 hours, `p95` chooses another hour than `peak`."""


class Estate:
    """Customers of one phase, billed in one workspace."""

    def __init__(self, shop: Shop, cells: Sequence[Cell], first: int = FIRST) -> None:
        self.shop = shop
        self.terms = [Terms(first + place, cell) for place, cell in enumerate(cells)]
        self.sources = sorted({each.source for each in self.terms})
        self.readings: dict[int, list[Reading]] = defaultdict(list)
        self.names = {each.number: f"Customer {each.number}" for each in self.terms}
        self.owner: dict[str, int] = {}
        """The customer of each device."""
        self.invoices: dict[int, date] = {}
        """By id of an invoice: the first day of its month."""
        phase = self.terms[0].phase
        assert all(each.phase == phase for each in self.terms)
        self.phase = phase
        end = midnight(months_after(phase.month, 1), self.terms[0].later.zone)
        self.moments = (phase.first, phase.second, end - timedelta(minutes=50))
        clock = Clock(phase.first - 12 * HOUR)
        shop.patch.setattr(registry, "history", lambda *_: None)  # the hours are those of `readings`
        shop.show(Sandbox(clock=clock, console=Console(clock, World(customers=0, started=clock.now()))))
        shutil.rmtree(shop.folder)
        shop.folder.mkdir()
        shutil.copy(EXAMPLE / "setup.yaml", shop.folder)
        self._populate()
        self._write()

    # ── devices ──────────────────────────────────────────────────────────────────────────────────────────

    def _populate(self) -> None:
        world, now = self.shop.world, self.shop.time
        self._partner(SINK, "Sink")
        for each in self.terms:
            self._partner(each.number, self.names[each.number])
            for place in range(Random(each.number).randint(3, 5)):
                name = f"{each.number}{place}"
                self.owner[name] = each.number
                server, virtual = place % 3 != 1, place % 2 == 1
                if each.value["source"] == "cove":
                    world.devices[int(name)] = Device(
                        int(name), each.number, f"host-{place % 3}", now, [Segment(now, 0, 0)],
                        os_type=2 if server else 1, virtual=virtual,
                    )  # fmt: skip
        world.version += 1

    def _partner(self, number: int, name: str) -> None:
        world = self.shop.world
        world.put(Partner(number, world.root_id, name, Level.END_CUSTOMER, State.IN_PRODUCTION, self.shop.time))

    def _columns(self, source: str, device: str, at: datetime) -> Columns:
        """Return what a source says of a device at a moment."""
        random = Random(f"{device} {at.isoformat()}")
        place = int(device[-1])
        used = Random(device).randint(5, 180) * GB * random.randint(70, 130) // 100 + random.randint(0, GB)
        server = place % 3 != 1
        if source == "cove":
            kind = ("Virtual" if place % 2 else "Physical") if server else ""
            return {
                "used": used, "T3": used * 6 // 5, "OT": "2" if server else "1", "I81 of a server": kind,
                "AN": f"host-{place % 3}", "PD": 1, "PN": "All-In",
            }  # fmt: skip
        return {
            "used": used, "kind": "server" if server else "workstation", "seats": random.randint(0, 9),
            "edition": random.choice("ABC"),
        }  # fmt: skip

    def _measure(self, end: datetime) -> None:
        """Give the sources the figures of this moment, and files also those of the hours before."""
        begin = end - HISTORY
        rows: dict[str, list[dict[str, Any]]] = {source: [] for source in self.sources}
        by_owner = {each.number: each for each in self.terms}
        for device, number in self.owner.items():
            terms = by_owner[int(device[:-1])]
            source, kind = terms.source, terms.value["source"]
            if kind == "cove":
                columns = self._columns(kind, device, end)
                self.shop.world.resize_device(int(device), int(columns["used"]), end)
                self._read(number, Reading(device, end, columns))
                continue
            for at in _moments(begin, end):
                columns = self._columns(kind, device, at)
                self._read(number, Reading(device, at, columns))
                about = {"customer_id": str(number), "customer_name": self.names.get(number, "Sink")}
                rows[source].append({**about, "device_id": device, "unit": "B", "as_of": at.isoformat(), **columns})
        for source, found in rows.items():
            self._file(source, found, end)

    def _read(self, number: int, reading: Reading) -> None:
        self.readings[number].append(reading)

    def _file(self, source: str, rows: list[dict[str, Any]], at: datetime) -> None:
        kind = source.partition("-")[0]
        if kind == "cove":
            return
        blank = self._columns(kind, f"{SINK}0", at)
        about = {"customer_id": str(SINK), "customer_name": "Sink", "device_id": f"{SINK}0", "unit": "B"}
        rows = [*rows, {**about, "as_of": at.isoformat(), **blank}]
        path = self.shop.folder.parent / "usage" / f"{source}.{kind}"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            if kind == "json":
                json.dump(rows, file)
            else:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

    # ── manifests ────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, *, changed: bool = False) -> None:
        self.terms = [each.later if changed else each for each in self.terms]
        zones = {each.zone.key for each in self.terms}
        assert len(zones) == 1, zones
        documents = [
            manifests.workspace(self.sources, zones.pop()),
            *manifests.products(self.phase, changed=changed),
            *manifests.meters(self.sources),
            *manifests.company(months_after(self.phase.month, -2)),
            *(manifests.mapping(each) for each in self.terms),
        ]
        self.shop.write("grid.yaml", manifests.to_yaml(documents))

    def _change(self) -> None:
        """Change what the customers' axes say, between the first run and the second one."""
        self._write(changed=True)
        world, now = self.shop.world, self.shop.time
        for each in self.terms:
            if each.change == "name":
                self.names[each.number] = f"Renamed {each.number}"
                world.rename(each.number, self.names[each.number], now)
            if each.change == "device":
                device = f"{each.number}0"
                self.owner[device] = SINK
                if each.value["source"] == "cove":
                    world.move_device(int(device), SINK, now)

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def zone(self) -> ZoneInfo:
        """Return the billing zone of now."""
        return self.terms[0].zone

    def until_the_last_run(self) -> None:
        """Do everything before the last apply: its figures are there, but nothing has read them."""
        for moment in self.moments:
            self.shop.advance((moment - self.shop.time) / HOUR)
            if moment == self.phase.second:
                self._change()
            self._measure(moment)
            if moment != self.moments[-1]:
                self.apply()

    def plan(self) -> Any:
        """Return the plan of the last run, as JSON."""
        said = self.shop("--json", "plan")
        self._expect(said, 0, 5)
        return said.json

    def apply(self) -> None:
        """Do a run."""
        self._expect(self.shop("apply", "--auto-approve"), 0, 5)

    def end_the_month(self) -> None:
        """Go on to the next month, and do a run there. It bills the ended month where that waits for its end."""
        begin = midnight(months_after(self.phase.month, 1), self.zone)
        self.shop.advance((begin + 2 * HOUR - self.shop.time) / HOUR)
        self.apply()

    def invoice(self, invoiced: str, last: date) -> None:
        """Make the invoices of the agreements that are invoiced so, up to that of a month."""
        for row in list(self.shop.tenant.tables["agreement"].rows.values()):
            if manifests.AGREEMENTS[row.data["name"]] != invoiced:
                continue
            body = {"type": "Agreement", "company": {"id": row.data["company"]["id"]}, "agreement": {"id": row.id}}
            while (month := row.data["nextInvoiceDate"][:10]) <= last.isoformat():
                answer = self.shop.http.post("/finance/invoices", json=body)
                assert answer.status_code == 201, answer.text
                self.invoices[answer.json()["id"]] = date.fromisoformat(month)

    @staticmethod
    def _expect(said: Said, *codes: int) -> None:
        assert said.code in codes, f"exit {said.code}\n{said.out[-3000:]}\n{said.err[-3000:]}"

    def expected(self) -> dict[int, list[Line]]:
        """Return what the oracle gives for each customer."""
        return {each.number: lines_of(each, self.readings[each.number], self.moments[-1]) for each in self.terms}


def _moments(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield a moment of each hour, and two of the second hour."""
    yield begin
    yield begin + timedelta(minutes=60)
    yield begin + timedelta(minutes=100)
    at = begin + 2 * HOUR
    while at <= end:
        yield at
        at += HOUR
