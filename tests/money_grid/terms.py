"""The terms of each customer of the grid, as plain values: for its mapping, and for the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from tests.money_grid.axes import LEFT_OUT, Cell, axes
from tests.money_grid.rules import BYTES, COUNT, NUMBER, Charge, Meter, Price, Slice

D = Decimal
HOUR = timedelta(hours=1)
NEW_YORK, KATHMANDU = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")
"""The billing zone, and the one that it changes to: its hours begin 15 minutes later."""


class UncoveredError(Exception):
    """A value of an axis for which the grid has no terms. Write them here."""


@dataclass(frozen=True, slots=True)
class Phase:
    """When the runs are: two with the change between them, and one just before the end of the month."""

    first: datetime
    month: date
    """The first day of the month of the second run and of the last one, in both zones."""

    @property
    def second(self) -> datetime:
        return self.first + 12 * HOUR


def _new_york(*when: int) -> datetime:
    return datetime(*when, tzinfo=NEW_YORK).astimezone(ZoneInfo("UTC"))  # type: ignore[arg-type, misc] - year to minute


PHASES: Mapping[str, Phase] = {
    "middle": Phase(_new_york(2026, 11, 14, 9, 10), date(2026, 11, 1)),
    "start": Phase(_new_york(2026, 11, 30, 14, 10), date(2026, 12, 1)),
    "end": Phase(_new_york(2026, 11, 29, 23, 10), date(2026, 11, 1)),
    "clock change": Phase(_new_york(2027, 3, 13, 15, 10), date(2027, 3, 1)),
}


_FILE = {"kind": "kind", "edition": "edition", "seats": "seats", "size": "used"}
_CONSOLE = {"kind": "OT", "edition": "AN", "seats": "PD", "size": "T3"}
_VALUES = {"csv": ("server", "workstation"), "json": ("server", "workstation"), "cove": ("2", "1")}


def _built_in(name: str, how: str, column: str = "used", where: tuple[str, bool, str] | None = None) -> Meter:
    return Meter(how, column, where, "source" if how == "sum" else None, name)


def meter_named(name: str, source: str) -> Meter:
    """Return a meter of the grid for a type of source."""
    columns, (server, workstation) = _CONSOLE if source == "cove" else _FILE, _VALUES[source]
    found = {
        "storage": _built_in("storage", "sum"),
        "devices": _built_in("devices", "count"),
        "selected-size": _built_in("selected-size", "sum", "T3"),
        "physical-servers": _built_in("physical-servers", "count", where=("I81 of a server", True, "Physical")),
        "virtual-servers": _built_in("virtual-servers", "count", where=("I81 of a server", True, "Virtual")),
        "workstations": _built_in("workstations", "count", where=("OT", True, "1")),
        "documents": _built_in("documents", "count", where=("PN", True, "Documents")),
        "own sum": Meter("sum", columns["seats"]),
        "own count": Meter("count", where=(columns["kind"], True, server)),
        "own distinct": Meter("distinct", columns["edition"], (columns["kind"], False, workstation)),
        "own sum in GB": Meter("sum", columns["size"], (columns["kind"], False, workstation), "GB"),
        "own sum in GiB": Meter("sum", columns["size"], unit="GiB"),
    }
    if name not in found:
        raise UncoveredError(f"meter {name}")
    return found[name]


@dataclass(frozen=True)
class Terms:
    """What a customer has at the end: the values of its axes, and what follows from them."""

    number: int
    cell: Cell
    changed: bool = False
    """Whether what changes has changed already."""

    @cached_property
    def value(self) -> Mapping[str, str]:
        return {axis.name: value for axis, value in zip(axes(), self.cell, strict=True)}

    @property
    def phase(self) -> Phase:
        if self.value["phase"] not in PHASES:
            raise UncoveredError(f"phase {self.value['phase']}")
        return PHASES[self.value["phase"]]

    @property
    def change(self) -> str:
        """Return what has changed. `nothing` before the change."""
        known = ("nothing", "price", "range", "agreement", "mapping", "device", "name", "zone")
        if self.value["change"] not in known:
            raise UncoveredError(f"change {self.value['change']}")
        return self.value["change"] if self.changed else "nothing"

    @property
    def later(self) -> Terms:
        return replace(self, changed=True)

    @property
    def customer(self) -> str:
        """Return its id in the source. The one in the console is set by the estate."""
        return str(self.number)

    @property
    def source(self) -> str:
        return f"{self.value['source']}-{self.value['unit']}"

    @property
    def mapping(self) -> str:
        return f"m{self.number}" + ("r" if self.change == "mapping" else "")

    @property
    def agreement(self) -> str:
        if self.value["invoiced"] not in ("advance", "arrears"):
            raise UncoveredError(f"invoiced {self.value['invoiced']}")
        return self.value["invoiced"] + ("-2" if self.change == "agreement" else "")

    @property
    def rolls(self) -> bool:
        """Return whether its additions bill every month."""
        return self.value["invoiced"] == "advance" and not self.waits

    @property
    def waits(self) -> bool:
        """Return whether a month is billed only when it has ended."""
        return (self.value["lines"], self.value["invoiced"]) == ("perPeriod", "advance")

    @property
    def zone(self) -> ZoneInfo:
        return KATHMANDU if self.change == "zone" else NEW_YORK

    @property
    def start(self) -> date | None:
        """Return the first billed day."""
        match self.value["start"]:
            case "left out":
                return None
            case "between the runs":
                return self.phase.second.astimezone(NEW_YORK).date()
            case other:
                raise UncoveredError(f"start {other}")

    @cached_property
    def charges(self) -> tuple[Charge, ...]:
        """Return its charges: the one that the axes are about, and another one if there are several."""
        main = self._charge()
        match self.value["charges"]:
            case "one":
                return (main,)
            case "several":
                other = Slice(f"{self._family}-more", self._price("more"))
                devices = meter_named("devices", self.value["source"])
                return (main, Charge("more", devices, None, slices=(other,), lines=self._lines))
            case many:
                raise UncoveredError(f"charges {many}")

    def _charge(self) -> Charge:
        meter = meter_named(self.value["meter"], self.value["source"])
        other = meter_named("own count", self.value["source"]) if self.value["allowance"] == "a meter" else None
        for axis, known in KNOWN.items():
            if self.value[axis] not in known:
                raise UncoveredError(f"{axis} {self.value[axis]}")
        return Charge(
            name=meter.built_in or "own",
            meter=meter,
            unit=self.value["unit"] if meter.unit == "source" else meter.unit,
            measure=self.value["measure"],
            allowance=self._allowance(meter),
            other=other,
            rounding=self.value["rounding"],
            step=D(self.value["step"]),
            minimum={LEFT_OUT: None, "below usage": D("0.25"), "above usage": _ABOVE[meter.scale]}[
                self.value["minimum"]
            ],
            tiering=self.value["tiering"],
            slices=self._slices(meter),
            lines=self._lines,
        )

    @property
    def _lines(self) -> str | None:
        return None if self.value["lines"] == LEFT_OUT else self.value["lines"]

    def _allowance(self, meter: Meter) -> tuple[str, Decimal] | None:
        scope = self.value["allowance"]
        if scope == LEFT_OUT:
            return None
        return ("meter" if scope == "a meter" else scope, _FREE[meter.scale][scope])

    def _slices(self, meter: Meter) -> tuple[Slice, ...]:
        if self.value["tiering"] == "one product":
            slot = "flat-2" if self.change == "range" else "flat"
            return (Slice(f"{self._family}-{slot}", self._price(slot)),)
        borders = (*_BORDERS[meter.scale][self.change == "range"], None)
        slots = ("tier-1", "tier-2", "tier-3")
        return tuple(
            Slice(f"{self._family}-{slot}", self._price(slot), up_to)
            for slot, up_to in zip(slots, borders, strict=True)
        )

    @property
    def _family(self) -> str:
        """Return the first part of the names of its products. A product whose price changes has its own."""
        kind = {"product.price": "plain", "product.prices": "dated"}.get(self.value["price"], "bare")
        return kind + ("-changes" if self.value["change"] == "price" else "")

    def _price(self, slot: str) -> Price:
        return price_of(slot, self.value["price"].endswith("prices"), self.phase, changed=self.change == "price")

    @property
    def own_prices(self) -> bool:
        """Return whether the charge has prices, and not only its products."""
        return self.value["price"].startswith("charge.")


SLOTS = {"flat": "0.1375", "flat-2": "0.121", "tier-1": "0.15", "tier-2": "0.133333", "tier-3": "0.117", "more": "2.5"}
FAMILIES = ("plain", "plain-changes", "dated", "dated-changes", "bare", "bare-changes")
_FREE = {
    BYTES: {"customer": D("100.5"), "device": D("33.3"), "a meter": D(40)},
    COUNT: {"customer": D(1), "device": D(1), "a meter": D("0.5")},
    NUMBER: {"customer": D("2.5"), "device": D("0.75"), "a meter": D(1)},
}
_BORDERS = {
    BYTES: ((D(160), D(400)), (D(210), D("300.5"))),
    COUNT: ((D(1), D(2)), (D(2), D(3))),
    NUMBER: ((D(3), D(20)), (D(2), D(9))),
}
_ABOVE = {BYTES: D("2000.5"), COUNT: D(12), NUMBER: D("150.25")}
KNOWN: Mapping[str, tuple[str, ...]] = {
    "measure": ("last", "peak", "mean", "p95"),
    "allowance": (LEFT_OUT, "customer", "device", "a meter"),
    "rounding": ("up", "nearest", "down", "none"),
    "minimum": (LEFT_OUT, "below usage", "above usage"),
    "tiering": ("one product", "volume", "graduated"),
    "lines": (LEFT_OUT, "rolling", "perPeriod"),
    "price": ("product.price", "product.prices", "charge.price", "charge.prices"),
    "source": ("csv", "json", "cove"),
    "unit": ("GB", "GiB"),
}
"""The values that the oracle has rules for."""


def own_meter(name: str, source: str) -> str:
    """Return the name of the document of a meter that is not built in."""
    return f"{name.replace(' ', '-')}-{source}"


def price_of(slot: str, dated: bool, phase: Phase, *, changed: bool) -> Price:
    """Return the price of a product. A change of dated ones adds an entry that begins inside the month."""
    base = D(SLOTS[slot])
    if not dated:
        return Price(base + D("0.0105") if changed else base)
    month = phase.month
    before, after = months_after(month, -2), months_after(month, 1)
    last = (month.replace(day=12), base + 3) if changed else (after, base + 2)
    return Price(entries=((before, base + 1), (month, base), last))


def months_after(day: date, number: int) -> date:
    """Return the first day of the month so many months after that of a day."""
    months = day.year * 12 + day.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)
