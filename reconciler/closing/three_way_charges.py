"""Compare what usage asks for with the additions that bill the month: the first half of the three-way check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.closing.three_way_differences import Differences
from reconciler.closing.three_way_lines import Lines, bills, covers, is_copy
from reconciler.closing.three_way_model import (
    AgreementFacts,
    ExpectedCharge,
    ExpectedLine,
    Finding,
    FindingKind,
    Standing,
    billed,
)
from reconciler.kinds.money import monthly_amount
from reconciler.metering.period import Period

BILLS_NOTHING = ("waiting", "ended", "excluded", "trial")
"""The states of a customer for which a mapping bills nothing in the month."""
NOT_BILLED = ("refused", "proposed")
"""The states of a customer that has usage, of which nothing is written."""


def check_lines(
    charges: Iterable[ExpectedCharge],
    lines: Lines,
    agreements: Mapping[int, AgreementFacts],
    period: Period,
    currency: str | None,
) -> list[Finding]:
    """Return the differences between usage and additions, each once. A line with an edit by hand has that alone."""
    check = _Check(agreements, period, currency)
    every = list(charges)
    found = [finding for each in every for finding in check.charge(each, lines)]
    return [*found, *check.without_a_charge(lines), *check.beside(every, lines)]


class _Check:
    """Compares charges with their lines in one month."""

    def __init__(self, agreements: Mapping[int, AgreementFacts], period: Period, currency: str | None) -> None:
        self._agreements = agreements
        self._period = period
        self._currency = currency
        self._say = Differences(agreements, period, currency)

    def charge(self, charge: ExpectedCharge, lines: Lines) -> Iterator[Finding]:
        """Yield the differences of one charge."""
        ours = [each for each in lines.by_owner.get(charge.owner, ()) if bills(each, self._period)]
        later = [each for each in lines.by_owner.get(charge.owner, ()) if self._misses(each)]
        if not charge.due and not ours:
            return
        if charge.held:
            yield from self._held(charge, ours)
            return
        facts = self._agreements.get(charge.agreement_id or 0)
        if facts is not None and not facts.bills(self._period):
            yield from self._without_agreement(charge, facts)
            return
        home, away = self._by_agreement(charge, ours)
        for each in away:
            yield self._say.away(each, charge, alone=not home)
        by_product: dict[int | None, list[Standing]] = defaultdict(list)
        for each in home:
            by_product[each.addition.product_id].append(each)
        adjustments = lines.adjustments.get(charge.owner, ())
        yield from self._say.adjustments(adjustments, charge)
        adjusted = self._adjusted(adjustments)
        if adjustments and self._is_settled(charge, home, adjusted):
            return
        missing: list[ExpectedLine] = []
        for expected in charge.lines:
            standing = by_product.pop(expected.product_id, []) if expected.product_id is not None else []
            if not standing:
                missing.append(expected)
                continue
            best, *others = sorted(standing, key=lambda each: self._rank(each, expected))
            yield from self._say.line(charge, expected, best, adjusted)
            adjusted = Decimal(0)
            for each in others:
                yield self._say.double_of(best, each, charge)
        extra = [each for some in by_product.values() for each in some]
        yield from self._products(charge, self._less_adjusted(missing, adjusted), extra, later, lines.foreign)

    def _without_agreement(self, charge: ExpectedCharge, facts: AgreementFacts) -> Iterator[Finding]:
        """Yield the usage of a month that its agreement does not bill."""
        ended = facts.ends is not None and facts.ends < self._period.first_day.isoformat()
        why = f"ended on {facts.ends}" if ended else f"begins on {facts.begins}"
        for each in charge.lines:
            if each.amount is None or each.amount:
                yield self._say.without_agreement(charge, each, why)

    def _is_settled(self, charge: ExpectedCharge, home: Sequence[Standing], adjusted: Decimal) -> bool:
        """Return whether the lines and the adjustments of a charge together bill what its usage asks for.

        An adjustment corrects the amount of a charge, and not that of one of its products. Edits by hand and doubles
        have findings of their own.
        """
        amounts = [each.amount for each in charge.lines if each.amount is not None]
        lines = [each for each in home if billed(each, self._currency)]
        products = {each.addition.product_id for each in lines}
        if len(amounts) < len(charge.lines) or len(products) < len(lines) or any(map(self._say.edits, home)):
            return False
        asked = sum(amounts, Decimal(0))
        return asked == sum((billed(each, self._currency) for each in lines), adjusted)

    def _adjusted(self, adjustments: Sequence[Standing]) -> Decimal:
        """Return what adjustments bill as we have written them. Copies of them and edits by hand have findings."""
        amounts = (
            monthly_amount(each.sent, self._currency) if each.sent else billed(each, self._currency)
            for each in adjustments
            if not is_copy(each, adjustments)
        )
        return sum(amounts, Decimal(0))

    def _less_adjusted(self, missing: Sequence[ExpectedLine], adjusted: Decimal) -> Sequence[ExpectedLine]:
        """Return lines that are missing, of which the first lacks what adjustments of the month bill already."""
        if not missing or not adjusted or missing[0].amount is None:
            return missing
        return [replace(missing[0], amount=missing[0].amount - adjusted), *missing[1:]]

    def _misses(self, each: Standing) -> bool:
        """Return whether a line that could bill the month does not bill it.

        A line of another month could not, and so could not one that was created later for the months after.
        """
        tag = each.addition.tag
        if each.late and not covers(each.addition, self._period):
            return False
        return not bills(each, self._period) and (tag is None or tag.period in (None, str(self._period)))

    def without_a_charge(self, lines: Lines) -> Iterator[Finding]:
        """Yield our additions that bill, and belong to no charge, or to a month for which we have not written them."""
        for found, say in ((lines.orphans, self._say.orphan), (lines.strange, self._say.of_another_month)):
            yield from (say(each) for each in found if billed(each, self._currency) and not each.late)

    def beside(self, charges: Iterable[ExpectedCharge], lines: Lines) -> Iterator[Finding]:
        """Yield the additions that are not ours beside one of ours with the same product."""
        ours: dict[tuple[int | None, int | None], ExpectedCharge] = {}
        for charge in charges:
            ours_here = [each for each in lines.by_owner.get(charge.owner, ()) if bills(each, self._period)]
            home, _ = self._by_agreement(charge, ours_here)
            for each in home:
                ours.setdefault(each.addition.agreement_product, charge)
        for each in lines.foreign:
            beside = ours.get(each.addition.agreement_product)
            if beside is not None and billed(each, self._currency) and not each.late:
                yield self._say.beside(each, beside)

    def _held(self, charge: ExpectedCharge, ours: Sequence[Standing]) -> Iterator[Finding]:
        """Yield what is known of a charge whose usage is unknown: that it should bill nothing, edits, and doubles."""
        if charge.state in BILLS_NOTHING:
            for each in ours:
                if billed(each, self._currency):
                    yield self._say.unused(each, charge)
            return
        home, away = self._by_agreement(charge, ours)
        for each in away:
            yield self._say.away(each, charge, alone=not home)
        first: dict[int | None, Standing] = {}
        for each in sorted(home, key=self._written_first):
            best = first.setdefault(each.addition.product_id, each)
            if best is each:
                yield from self._say.held(each, charge)
            elif billed(each, self._currency):
                yield self._say.double_of(best, each, charge)
        of: FindingKind = "leak" if charge.state in NOT_BILLED else "unknown"
        about = (charge.agreement_id, charge.owner.customer, charge.address)
        yield Finding(of, f"the mapping is {charge.state}: {charge.detail}", None, *about)

    def _written_first(self, each: Standing) -> tuple[bool, bool, int]:
        return (not billed(each, self._currency), not each.sent, each.addition.id)

    def _by_agreement(
        self, charge: ExpectedCharge, ours: Iterable[Standing]
    ) -> tuple[Sequence[Standing], Sequence[Standing]]:
        """Return the lines on the agreement of the charge, and those elsewhere that bill it a second time.

        A charge whose mapping has moved is billed by the lines on the old agreement, if the new one has none. On the
        old agreement, we have written the lines.
        """
        by_agreement: dict[int, list[Standing]] = defaultdict(list)
        for each in ours:
            by_agreement[each.addition.agreement_id].append(each)
        amounts = {
            number: sum((billed(each, self._currency) for each in some), Decimal(0))
            for number, some in by_agreement.items()
        }
        here = charge.agreement_id
        if not amounts.get(here or 0):
            moved = [number for number, some in by_agreement.items() if amounts[number] and any(x.sent for x in some)]
            here = min(moved, default=here)
        away = [each for number, some in by_agreement.items() if number != here for each in some]
        return by_agreement.get(here or 0, []), [each for each in away if billed(each, self._currency)]

    def _rank(self, each: Standing, expected: ExpectedLine) -> tuple[bool, bool, int]:
        addition = each.addition
        return (not billed(each, self._currency), addition.quantity != expected.quantity, addition.id)

    def _products(
        self,
        charge: ExpectedCharge,
        missing: Sequence[ExpectedLine],
        extra: Sequence[Standing],
        later: Sequence[Standing],
        foreign: Sequence[Standing],
    ) -> Iterator[Finding]:
        """Yield a finding for each product without its line, and for each line of a product without usage."""
        unbilled = [each for each in missing if each.amount is None or each.amount]
        wrong = [each for each in extra if billed(each, self._currency)]
        for each, line in zip(unbilled, wrong, strict=False):
            yield self._say.product(charge, each, line)
        for line in wrong[len(unbilled) :]:
            yield self._say.of_no_product(line, charge)
        for each in unbilled[len(wrong) :]:
            instead = [
                one
                for one in foreign
                if one.addition.agreement_product == (charge.agreement_id, each.product_id)
                and billed(one, self._currency)
                and not one.late
            ]
            if instead:
                yield self._say.instead(charge, each, instead)
            else:
                yield self._say.leak(charge, each, [one for one in later if one.addition.product_id == each.product_id])
