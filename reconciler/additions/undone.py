"""Finds what stands in the way of an undo among additions: a removed tag, another line, an invoice. Pure.

An undo must not write to a line that is not ours, or let two lines bill one charge. It cannot change an invoice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.agreements import day_before
from reconciler.additions.live_additions import LiveAddition, addition_of, ids_text
from reconciler.additions.tag import Tag, parse
from reconciler.amounts import amount_text
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.money import monthly_amount
from reconciler.ledger.snapshot import Snapshot
from reconciler.planning.undo_inputs import BY_USAGE, LAST_DAY, QUANTITY, Place, WrittenObject

Texts = Mapping[Place, Sequence[str]]


@dataclass(frozen=True, slots=True)
class UndoneAdditions:
    """The additions and agreements of an undo, and what decides whether it may write to them."""

    live: Mapping[Place, LiveObject]
    additions: Mapping[int, Sequence[LiveObject]]
    """The additions of agreements that the undo may end, by id of the agreement."""
    next_invoice: Mapping[int, str]
    """By id of an agreement: the first day that no invoice covers yet."""
    snapshot: Snapshot
    ran_on: str
    """The day of the run, as `2026-11-01`."""
    last_day: str
    """The last day of an agreement that ends now."""
    currency: str | None = None

    def in_the_way(self, written: Sequence[WrittenObject]) -> Texts:
        """Return, by object, why the undo must not write to it."""
        return self._by_place(written, self._blocked, self._blocked_agreement)

    def notes(self, written: Sequence[WrittenObject]) -> Texts:
        """Return, by object, what a person has to bill or credit by hand because of an invoice."""
        return self._by_place(written, self._invoiced, self._invoiced_agreement)

    def _by_place(
        self,
        written: Sequence[WrittenObject],
        of_addition: Callable[[WrittenObject, LiveAddition], Iterable[str]],
        of_agreement: Callable[[LiveObject], Iterable[str]],
    ) -> Texts:
        found: dict[Place, list[str]] = defaultdict(list)
        for each in written:
            live = None if each.id is None else self.live.get((each.kind, each.id))
            if live is None or each.is_left_to_usage:
                continue
            if each.kind == "Addition":
                found[each.kind, live.id] += of_addition(each, addition_of(live, self.currency))
            elif each.kind == "Agreement" and live.id in self.additions:
                found[each.kind, live.id] += of_agreement(live)
        return {place: texts for place, texts in found.items() if texts}

    # ── additions ────────────────────────────────────────────────────────────────────────────────────────

    def _blocked(self, written: WrittenObject, live: LiveAddition) -> Iterator[str]:
        invoiced = self._invoiced_through(live.agreement_id)
        if live.tag is None:
            yield (
                "its tag was removed in ConnectWise, so it is not ours. If it is, plan the undo again after the next "
                "run of usage, which writes the tag"
            )
            return
        if live.cancelled is not None and LAST_DAY not in written.changes and live.cancelled <= invoiced:
            yield f"it ended on {live.cancelled}, and agreement id {live.agreement_id} is invoiced through {invoiced}"
        if LAST_DAY in written.changes:
            before = date_text(written.changes[LAST_DAY][0])
            if (before or "9999") > (live.cancelled or "9999"):
                yield from self._billed_elsewhere(live, live.tag)
            elif before is not None and before < invoiced and before != live.cancelled:
                yield (
                    f"its last day cannot become {before} again, because agreement id {live.agreement_id} is invoiced "
                    f"through {invoiced}"
                )

    def _billed_elsewhere(self, live: LiveAddition, tag: Tag) -> Iterator[str]:
        """Yield the other lines that bill the charge of an addition now."""
        others = [
            each
            for each in self.snapshot.additions.values()
            if each.addition_id != live.id
            and (other := parse(each.tag)) is not None
            and (other.identity, other.period) == (tag.identity, tag.period)
            and not each.last_applied.get(LAST_DAY)
            and Decimal(each.last_applied.get(QUANTITY) or 0)
        ]
        if others:
            names = " and ".join(str(each.addition_id) for each in sorted(others, key=lambda each: each.addition_id))
            yield (
                f"addition id {names} bills its charge now, and both would bill it. Change the mapping instead: the "
                "next run moves the line"
            )

    def _invoiced(self, written: WrittenObject, live: LiveAddition) -> Iterator[str]:
        invoiced = self._invoiced_through(live.agreement_id)
        on = f"agreement id {live.agreement_id} is invoiced through {invoiced}"
        before = date_text(written.changes[LAST_DAY][0]) if LAST_DAY in written.changes else None
        if LAST_DAY in written.changes and live.cancelled is not None and (before or "9999") > live.cancelled:
            if invoiced > live.cancelled:
                yield (
                    f"{on}, without this line after {live.cancelled}. No undo changes an invoice: bill these days by "
                    f"hand, {amount_text(live.monthly, self.currency)} a month"
                )
            return
        amounts = {path: values[0] for path, values in written.changes.items() if path not in {*BY_USAGE, LAST_DAY}}
        if invoiced >= self.ran_on and amounts:
            names = " and ".join(sorted(amounts))
            difference = live.monthly - monthly_amount({**live.obj.raw, **amounts}, self.currency)
            yield (
                f"{on}. No undo changes an invoice: if one has billed this {names}, "
                f"{'credit' if difference > 0 else 'bill'} the difference by hand, "
                f"{amount_text(abs(difference), self.currency)} a month"
            )

    # ── agreements ───────────────────────────────────────────────────────────────────────────────────────

    def _blocked_agreement(self, live: LiveObject) -> Iterator[str]:
        lines = [addition_of(each, self.currency) for each in self.additions[live.id]]
        foreign = [each for each in lines if each.tag is None and not each.ended_before(self.ran_on)]
        if foreign:
            what = "addition" if len(foreign) == 1 else "additions"
            yield f"{what} id {ids_text(foreign)} on it {'is' if len(foreign) == 1 else 'are'} not ours, and would end"

    def _invoiced_agreement(self, live: LiveObject) -> Iterator[str]:
        invoiced = self._invoiced_through(live.id)
        if invoiced > self.last_day:
            yield (
                f"it is invoiced through {invoiced}, and would end on {self.last_day}. No undo changes an invoice: "
                "credit what it bills after that by hand"
            )

    def _invoiced_through(self, agreement_id: int) -> str:
        """Return the last day that an invoice covers. Empty if it is unknown."""
        following = self.next_invoice.get(agreement_id)
        return "" if following is None else day_before(following)
