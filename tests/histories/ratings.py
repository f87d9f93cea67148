"""Play random hours of an estate, and compare each plan with one that loads and rates every ended month.

The other histories have no ledger. Here the ledger is real. It decides which months are loaded, and keeps what invoices
billed. In the end, what was billed of each settled month must be what the month gives. What invoices have is kept here
apart from the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from unittest.mock import patch

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.month_ratings import unchanged
from reconciler.additions.plan import UsagePart
from reconciler.cli import ended_months
from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.month_terms import load_month_terms
from reconciler.ledger.recording import approve_pull, record_pull
from reconciler.ledger.records import Customer, Pull, PullState, Sample
from reconciler.ledger.snapshot import AcceptedAmount, Close
from reconciler.ledger.store import Ledger
from reconciler.metering import loading
from reconciler.planning.approvals import Approved
from tests.additions.scene import GB, TENANT, Scene
from tests.additions.test_period_lines import agreement, at, live_product
from tests.planning import builders
from tests.planning.builders import document, mapping, product

from .run import HistoryError

_MONTHS = ("2026-11", "2026-12", "2027-01")
_INVOICED = ("2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01")


def play(seed: int, ledger: Ledger) -> Counter[str]:
    """Play the hours with this seed. Raises `HistoryError` if a plan differs from the one that rates everything."""
    history = _Hours(seed, ledger)
    history.run()
    return history.figures


class _Hours:
    def __init__(self, seed: int, ledger: Ledger) -> None:
        self.seed, self.chance = seed, Random(seed)
        self.figures: Counter[str] = Counter()
        self.scene = Scene(ledger, creditProduct="credit")
        self.scene.declare(builders.agreement(invoiced="arrears"), product("credit", identifier="CREDIT"))
        self.scene.live(agreement(), live_product(6, "CREDIT"))
        self.scene.now = at(9)
        self.measure = self.chance.choice(("last", "peak", "mean"))
        self.begins = self.chance.choice(("2026-11-05", "2026-12-01"))
        self.prices: list[dict[str, Any]] = []
        self.stale: list[Sample] = []
        self.on_invoices: dict[int, tuple[str, Decimal]] = {}
        """What the invoices have of additions, with their tags, by their ids."""
        self._declare()

    def run(self) -> None:
        """Bill three months, and then let things happen in any order."""
        self._pull(self._of_now(), moment=at(31, 10, 22))  # so the ledger has all of November
        for moment in (at(10), at(30, 11, 20), at(2, 12), at(28, 12), at(2, 1).replace(year=2027)):
            self.scene.now = moment
            self._pull([self._sample("77", moment), self._sample("78", moment)])
            self._plan()
        self._invoice(3)
        for _ in range(self.chance.randrange(8, 16)):
            self.scene.now += timedelta(minutes=self.chance.randrange(20, 90))
            step = self.chance.choice(self._steps())
            step()
            self.figures[step.__name__.lstrip("_")] += 1
            self._plan()
        self._settle()

    def _steps(self) -> list[Callable[[], None]]:
        return [
            self._hour,
            self._hour,
            self._late,
            self._late,
            self._repeated,
            self._catch_up,
            self._approved_later,
            self._move,
            self._invoice,
            self._invoice,
            self._dated_price,
            self._new_charge,
            self._exclude,
            self._settings,
            self._edit,
            self._remove,
            self._close,
            self._lose_ratings,
            self._accept,
        ]

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────

    def _sample(self, customer: str, moment: datetime, device: str | None = None) -> Sample:
        size = self.chance.choice((0, 50, 100, self.chance.randrange(300))) * GB
        return Sample("cove", customer, device or f"d{customer}", moment, size)

    def _pull(self, samples: Collection[Sample], state: PullState = "whole", moment: datetime | None = None) -> int:
        begins = moment or self.scene.now
        customers = tuple(Customer("cove", each, f"Customer {each}") for each in ("77", "78"))
        ends = begins + timedelta(seconds=9)
        return record_pull(self.scene.ledger, Pull("cove", begins, ends, state, customers, tuple(samples), None))

    def _of_now(self) -> list[Sample]:
        return [self._sample("77", self.scene.now), self._sample("78", self.scene.now)]

    def _some_moment(self) -> datetime:
        return at(1, 11, 0) + timedelta(minutes=self.chance.randrange(60 * 24 * 62), seconds=self.chance.randrange(60))

    def _hour(self) -> None:
        self._pull(self._of_now())

    def _late(self) -> None:
        """Read a sample of an earlier moment, beside one of now or in place of it."""
        device = self.chance.choice((None, "d77", "new"))
        sample = self._sample(self.chance.choice(("77", "78")), self._some_moment(), device)
        self.stale = [sample]
        self._pull([*(self._of_now() if self.chance.random() < 0.5 else ()), sample])

    def _repeated(self) -> None:
        """Read the last late sample once more, as from a file that did not change."""
        self._pull(self.stale or self._of_now())

    def _catch_up(self) -> None:
        """Record a pull of an earlier moment, as from a console's history."""
        moment = self._some_moment()
        self._pull([self._sample("77", moment), self._sample("78", moment)], moment=moment)

    def _approved_later(self) -> None:
        """Record a pull that is not believed, plan, and approve it."""
        sample = self._sample("77", self._some_moment())
        number = self._pull([*self._of_now()[1:], sample], state="disbelieved")
        self._plan()
        self.scene.now += timedelta(minutes=20)
        self._pull(self._of_now())
        self._plan()
        approve_pull(self.scene.ledger, number, by="ann", at=self.scene.now)

    def _move(self) -> None:
        """Let the device of one customer turn up under the other, with a late sample of where it was."""
        self._pull([self._sample("78", self.scene.now, "d77"), self._sample("78", self.scene.now)])
        self._plan()
        self.scene.now += timedelta(minutes=20)
        self._pull([*self._of_now(), self._sample("78", self._some_moment(), "d77")])

    def _invoice(self, place: int | None = None) -> None:
        """Make or delete invoices."""
        self.scene.plan()  # a run sees what stands before the invoice
        day = _INVOICED[self.chance.randrange(len(_INVOICED)) if place is None else place]
        for line in self._lines():
            if not _first_day(line) < day:
                self.on_invoices.pop(line.id, None)
            elif line.id not in self.on_invoices:
                self.on_invoices[line.id] = (_tag(line), _amount(line))
        here = {each.id for each in self._lines()}
        for number, (tag, _) in [*self.on_invoices.items()]:
            if number not in here and not f"{tag.rpartition('/')[2][:7]}-01" < day:
                del self.on_invoices[number]  # it was removed, and so is its invoice
        self.scene.live(agreement(invoiced=day))
        self.scene.plan()

    def _dated_price(self) -> None:
        price = Decimal(self.chance.randrange(1, 9)) / 4
        self.prices = [{"from": self.chance.choice(("2026-10-01", "2026-11-01", "2026-12-01")), "price": price}]
        self._declare()

    def _new_charge(self) -> None:
        spec = {name: value for name, value in builders.MAPPING.items() if name != "product"}
        charges = [{"product": "gb", "measure": self.measure}, {"meter": "devices", "product": "gb", "price": 5}]
        more = {"start": self.begins, "charges": charges}
        self.scene.declare(document("CustomerMapping", "acme", {**spec, **more}))

    def _exclude(self) -> None:
        if "Exclusion/lab" in self.scene.documents:
            del self.scene.documents["Exclusion/lab"]
            return
        spec = {"customer": {"source": "cove", "id": "77"}, "reason": "lab", "until": "2026-12-20"}
        if self.chance.random() < 0.7:
            spec["device"] = "d77"
        self.scene.declare(document("Exclusion", "lab", spec))

    def _settings(self) -> None:
        self.scene.billing["graceHours"] = self.chance.choice((1, 24, 100))
        self.scene.billing["maxAge"] = self.chance.choice((2, 6, 200))

    def _edit(self) -> None:
        """Change an addition by hand."""
        if lines := self._lines():
            line = self.chance.choice(lines)
            self.scene.live(replace(line, raw={**line.raw, "quantity": Decimal(self.chance.randrange(200))}))
            self.scene.plan()

    def _remove(self) -> None:
        """Delete an addition by hand."""
        newest = max((each.id for each in self._lines()), default=0)  # ConnectWise gives no id a second time
        if lines := [each for each in self._lines() if "+" not in _tag(each) and each.id != newest]:
            line = self.chance.choice(lines)
            del self.scene.objects[line.kind, line.id]

    def _close(self) -> None:
        month = self.chance.choice(_MONTHS[:2])
        recorded = load_month_terms(self.scene.ledger, "test", TENANT, month)
        charges = tuple(
            {"customer": f"{source}/{customer}", "charge": charge, "terms": terms}
            for (source, customer, charge, of), terms in recorded.items()
            if of == month
        )
        self.scene.closes.append(Close(month, self.scene.now, "ann@office", "digest", charges))

    def _lose_ratings(self) -> None:
        with self.scene.ledger.write() as connection:
            connection.exec_driver_sql(self.chance.choice(("DELETE FROM month_ratings", "DELETE FROM rated_pulls")))

    def _accept(self) -> None:
        """Accept an amount in place of an adjustment."""
        month, number = self.chance.choice(_MONTHS[:2]), len(self.scene.accepted) + 50
        tag, amount = f"rc:cove/77/acme/storage/{month}+{number}", Decimal(self.chance.randrange(-9, 9))
        self.scene.accepted.append(AcceptedAmount("cove", "77", "storage", month, number, tag, amount))

    def _lines(self) -> list[LiveObject]:
        return [each for each in self.scene.additions if "/202" in str(each.raw.get("serialNumber") or "")]

    def _declare(self) -> None:
        more: dict[str, Any] = {"prices": self.prices} if self.prices else {}
        self.scene.declare(mapping(measure=self.measure, **more))
        self.scene.declare(mapping("two", customer={"source": "cove", "id": "78"}, measure=self.measure, **more))

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        """Approve everything, and compare what was billed of settled months with what they give."""
        self._invoice(3)
        every = tuple(map(Approved, ("adjustment", "credit", "quantity", "zero")))
        for _ in range(3):
            self.scene.now += timedelta(minutes=20)
            self._pull(self._of_now())
            self.scene.apply(approve=every)
        with patch.object(ended_months, "unchanged", lambda *_: frozenset()):
            usage = charge_usage(self._loaded())
        for month in usage.ended_months:
            for name, customer in (("acme", "77"), ("two", "78")):
                charges = [each for each in month.charges if each.mapping == name]
                amounts = [each.amount for each in charges if each.amount is not None]
                names = [each for each in month.terms if each[0] == name]
                if len(amounts) < len(names) or not month.settled.issuperset(names) or not amounts:
                    continue
                billed, rated = self._billed(name, customer, str(month.period)), sum(amounts, Decimal(0))
                self.figures["months that were compared"] += 1
                if billed != rated and (billed < rated or all(each.may_lower for each in charges)):
                    raise HistoryError(
                        f"hours {self.seed}: {name} has billed {billed} for {month.period}, which gives {rated}, "
                        f"after {dict(self.figures)}"
                    )

    def _loaded(self) -> ChargeInputs:
        scene = self.scene
        snapshot = load_snapshot(scene.ledger, "test", TENANT, str(scene.period))
        return ended_months.with_ended_months(
            scene.to_charge(), scene.manifests, scene.live_state, snapshot, scene.ledger, TENANT, closes=scene.closes
        ).to_charge

    def _billed(self, mapping: str, customer: str, month: str) -> Decimal:
        """Return what was billed of a month: what invoices have, what stands on none yet, and what was accepted.

        A charge that is gone counts with the one that the customer has now.
        """
        begins, ends = f"rc:cove/{customer}/{mapping}/", f"/{month}"
        standing = [(_tag(each), _amount(each)) for each in self._lines() if each.id not in self.on_invoices]
        accepted = [each for each in self.scene.accepted if (each.customer_id, each.period) == (customer, month)]
        return sum(
            (
                *(each.amount for each in accepted),
                *(
                    amount
                    for tag, amount in (*self.on_invoices.values(), *standing)
                    if tag.startswith(begins) and tag.partition("+")[0].endswith(ends)
                ),
            ),
            Decimal(0),
        )

    # ── what is compared ─────────────────────────────────────────────────────────────────────────────────────

    def _plan(self) -> None:
        """Plan with and without what makes ended months cheap. Then record the plan, or apply it."""
        with (
            patch.object(ended_months, "unchanged", lambda *_: frozenset()),
            patch.object(ended_months, "load_snapshots", _from_samples),
            patch.object(loading, "pulls_about", lambda _ledger, pulls, _end: {*pulls}),
        ):
            whole = _said(self.scene.planned())
        left_out: list[int] = []
        with patch.object(ended_months, "unchanged", lambda *given: _counted(unchanged(*given), left_out)):
            said = _said(self.scene.planned())
        if said != whole:
            raise HistoryError(f"hours {self.seed}: {said} differs from {whole}, after {dict(self.figures)}")
        self.figures["plans"] += 1
        self.figures["charges that were left out"] += sum(left_out)
        self.figures["amounts that wait"] += len(whole[1])
        chance = self.chance.random()
        if chance < 0.2:
            self.scene.plan()
        elif chance < 0.8:
            self.scene.apply(approve=self._approvals())

    def _approvals(self) -> tuple[Approved, ...]:
        found = self.chance.choice(((), ("adjustment",), ("adjustment", "credit")))
        return tuple(map(Approved, (*found, "quantity", "zero")))


def _tag(line: LiveObject) -> str:
    return str(line.raw["serialNumber"])


def _first_day(line: LiveObject) -> str:
    return str(line.raw["effectiveDate"])[:10]


def _amount(line: LiveObject) -> Decimal:
    return Decimal(line.raw["quantity"] * line.raw["unitPrice"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def _from_samples(*given: Any, **named: Any) -> Any:
    """Load every sample of a month, instead of the totals of customers."""
    return loading.load_snapshots(*given, **{**named, "exclusions": None})


def _counted(found: Collection[Any], into: list[int]) -> Collection[Any]:
    into.append(len(found))
    return found


def _said(found: UsagePart) -> tuple[Any, ...]:
    """Return everything that a plan says."""
    part = found.part
    dump = [each.model_dump(mode="json") for each in part.actions]
    return (
        dump,
        [each.model_dump(mode="json") for each in part.held],
        [each.model_dump(mode="json") for each in part.tripped],
        [each.model_dump(mode="json") for each in part.coverage],
        [each.model_dump(mode="json") for each in part.notes],
        found.ended_months,
        {each.address: (each.state, each.reason) for each in found.views},
    )
