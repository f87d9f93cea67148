"""Compare what usage asks for with the additions that bill the month: the first half of the three-way check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.amounts import amount_text
from reconciler.closing.three_way_lines import Lines, bills, covers, edits_of
from reconciler.closing.three_way_model import (
    AgreementFacts,
    ExpectedCharge,
    ExpectedLine,
    Finding,
    FindingKind,
    Standing,
    billed,
    cost_of,
)
from reconciler.kinds.money import monthly_amount, monthly_cost
from reconciler.kinds.values import plain_decimal, with_unit
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
    found += [check.orphan(each) for each in lines.orphans if billed(each, currency) and not each.late]
    return [*found, *check.beside(every, lines)]


class _Check:
    """Compares charges with their lines in one month."""

    def __init__(self, agreements: Mapping[int, AgreementFacts], period: Period, currency: str | None) -> None:
        self._agreements = agreements
        self._period = period
        self._currency = currency

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
            yield self._away(each, charge, alone=not home)
        by_product: dict[int | None, list[Standing]] = defaultdict(list)
        for each in home:
            by_product[each.addition.product_id].append(each)
        adjusted = lines.adjustments.get(charge.owner, Decimal(0))
        missing: list[ExpectedLine] = []
        for expected in charge.lines:
            standing = by_product.pop(expected.product_id, []) if expected.product_id is not None else []
            if not standing:
                missing.append(expected)
                continue
            best, *others = sorted(standing, key=lambda each: self._rank(each, expected))
            yield from self._line(charge, expected, best, adjusted)
            adjusted = Decimal(0)
            for each in others:
                what = f"id {best.addition.id} bills the same charge, and it bills {self._amount(each)} more"
                yield self._double(each, charge, what)
        extra = [each for some in by_product.values() for each in some]
        yield from self._products(charge, self._less_adjusted(missing, adjusted), extra, later, lines.foreign)

    def _without_agreement(self, charge: ExpectedCharge, facts: AgreementFacts) -> Iterator[Finding]:
        """Yield the usage of a month that its agreement does not bill."""
        ended = facts.ends is not None and facts.ends < self._period.first_day.isoformat()
        why = f"ended on {facts.ends}" if ended else f"begins on {facts.begins}"
        for each in charge.lines:
            if each.amount is None or each.amount:
                used = with_unit(plain_decimal(each.quantity), charge.unit or None)
                text = f"{used} of {each.product} are used, and the agreement {why}: no invoice bills them"
                about = (charge.agreement_id, charge.owner.customer, charge.owner.address_of(each.product))
                yield Finding("leak", text, each.amount, *about, each.cost)

    def _less_adjusted(self, missing: Sequence[ExpectedLine], adjusted: Decimal) -> Sequence[ExpectedLine]:
        """Return lines that are missing, of which the first lacks what adjustments of the month bill already."""
        if not missing or not adjusted or missing[0].amount is None:
            return missing
        return [replace(missing[0], amount=missing[0].amount - adjusted), *missing[1:]]

    def _misses(self, each: Standing) -> bool:
        """Return whether a line that could bill the month does not bill it. A line of another month could not."""
        tag = each.addition.tag
        return not bills(each, self._period) and (tag is None or tag.period in (None, str(self._period)))

    def orphan(self, each: Standing) -> Finding:
        """Return the finding for an addition of ours that no mapping has."""
        addition = each.addition
        customer = "" if addition.tag is None or addition.tag.customer is None else "/".join(addition.tag.customer)
        text = f"{self._of(each)} is ours, no mapping has it, and it bills {self._amount(each)}"
        amount, cost = -billed(each, self._currency), _less(Decimal(0), cost_of(each, self._currency))
        return Finding("orphan", text, amount, addition.agreement_id, customer, cost=cost)

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
                yield self._beside(each, beside)

    def _beside(self, each: Standing, charge: ExpectedCharge) -> Finding:
        amount = billed(each, self._currency)
        if amount < 0:
            less = amount_text(-amount, self._currency)
            text = f"{self._of(each)} is not ours, and takes {less} off our line of the same product"
            return self._billed_too_much("credit", each, charge, text)
        what = f"it is not ours, and bills {self._amount(each)} beside our line of the same product"
        return self._double(each, charge, what)

    def _held(self, charge: ExpectedCharge, ours: Sequence[Standing]) -> Iterator[Finding]:
        """Yield what is known of a charge whose usage is unknown: its edits by hand, or that it should bill nothing."""
        for each in ours:
            if charge.state in BILLS_NOTHING and billed(each, self._currency):
                why = "customer is in trial" if charge.state == "trial" else f"mapping is {charge.state} in this month"
                text = f"{self._of(each)} bills {self._amount(each)}, and the {why}"
                yield self._billed_too_much("unused", each, charge, text)
            elif edits := self._edits(each):
                text = f"{self._of(each)} was edited by hand: {edits}"
                wrote = monthly_amount(each.sent, self._currency)
                cost = _less(
                    monthly_cost(each.sent, self._currency), monthly_cost(each.addition.obj.raw, self._currency)
                )
                yield self._finding("hand edit", each, charge, text, wrote - each.addition.monthly, cost)
        if charge.state not in BILLS_NOTHING:
            not_billed = charge.state in NOT_BILLED
            of: FindingKind = "leak" if not_billed else "unknown"
            about = (charge.agreement_id, charge.owner.customer, charge.address)
            yield Finding(of, f"the mapping is {charge.state}: {charge.detail}", None, *about)

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

    def _line(
        self, charge: ExpectedCharge, expected: ExpectedLine, each: Standing, adjusted: Decimal
    ) -> Iterator[Finding]:
        """Yield the one difference between a line and what usage asks for, if there is one."""
        amount, cost = self._difference(expected, each, adjusted), self._cost(expected, each)
        of, addition = self._of(each), each.addition
        if edits := self._edits(each):
            yield self._finding("hand edit", each, charge, f"{of} was edited by hand: {edits}", amount, cost)
        elif adjusted and amount == 0:
            return
        elif expected.quantity and expected.unit_price not in (None, addition.price):
            prices = [
                amount_text(price or Decimal(0), self._currency) for price in (addition.price, expected.unit_price)
            ]
            text = f"{of} has the price {prices[0]}, and {prices[1]} is in force"
            if expected.quantity != addition.quantity:
                text += f"; {self._quantities(charge, expected, each)}"
            yield self._finding("price", each, charge, text, amount, cost)
        elif expected.quantity != addition.quantity and amount != 0:
            text = f"{of} bills another quantity: {self._quantities(charge, expected, each)}"
            if adjusted:
                text += f", and adjustments bill {amount_text(adjusted, self._currency)}"
            yield self._finding("quantity", each, charge, text, amount, cost)
        elif each.share != 1 and (addition.effective or "") > charge.first_day:
            text = f"{of} begins on {addition.effective}, and the usage counts from {charge.first_day}"
            yield self._finding("dates", each, charge, text, amount, cost)
        elif amount:
            text = f"{of} bills {self._amount(each)}, and usage asks for {self._money(expected.amount)}"
            yield self._finding("quantity", each, charge, text, amount, cost)

    def _cost(self, expected: ExpectedLine, each: Standing) -> Decimal | None:
        return _less(expected.cost, cost_of(each, self._currency))

    def _difference(self, expected: ExpectedLine, each: Standing, adjusted: Decimal) -> Decimal | None:
        return None if expected.amount is None else expected.amount - billed(each, self._currency) - adjusted

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
            edits = self._edits(line)
            text = f"{self._of(line)} bills {self._amount(line)}, and usage asks for product {each.product}"
            amount, cost = self._difference(each, line, Decimal(0)), self._cost(each, line)
            if edits:
                yield self._finding("hand edit", line, charge, f"{text}; it was edited by hand: {edits}", amount, cost)
            else:
                yield self._finding("product", line, charge, text, amount, cost)
        for line in wrong[len(unbilled) :]:
            yield self._double(line, charge, f"it bills {self._amount(line)}, and usage asks for another product only")
        for each in unbilled[len(wrong) :]:
            instead = [
                one
                for one in foreign
                if one.addition.agreement_product == (charge.agreement_id, each.product_id)
                and billed(one, self._currency)
                and not one.late
            ]
            if instead:
                yield self._instead(charge, each, instead)
            else:
                yield self._leak(charge, each, [one for one in later if one.addition.product_id == each.product_id])

    def _instead(self, charge: ExpectedCharge, each: ExpectedLine, lines: Sequence[Standing]) -> Finding:
        """Return the finding for usage that only lines of somebody else bill."""
        used = with_unit(plain_decimal(each.quantity), charge.unit or None)
        amount, cost = each.amount, each.cost
        for line in lines:
            amount = None if amount is None else amount - billed(line, self._currency)
            cost = _less(cost, cost_of(line, self._currency))
        others = " and ".join(f"{self._of(line)} bills {self._amount(line)}" for line in lines)
        text = f"{used} of {each.product} are used, and no line of ours bills them: {others}, and is not ours"
        about = (charge.agreement_id, charge.owner.customer, charge.owner.address_of(each.product))
        return Finding("leak", text, amount, *about, cost)

    def _leak(self, charge: ExpectedCharge, each: ExpectedLine, later: Sequence[Standing]) -> Finding:
        """Return the finding for usage that no line of the month bills. `later` are its lines outside the month."""
        used = with_unit(plain_decimal(each.quantity), charge.unit or None)
        address = charge.owner.address_of(each.product)
        about = (charge.agreement_id, charge.owner.customer, address)
        if not later:
            text = f"{used} of {each.product} are used, and no line bills them"
            return Finding("leak", text, each.amount, *about, each.cost)
        addition = later[0].addition
        if later[0].late and covers(addition, self._period):
            text = f"{used} of {each.product} are used, and {self._of(later[0])} was created after the invoice was made"
            return Finding("not invoiced", text, each.amount, *about, each.cost)
        days = f"begins on {addition.effective}"
        if addition.cancelled is not None:
            days = f"bills {addition.effective} to {addition.cancelled}"
        text = f"{used} of {each.product} are used, and {self._of(later[0])} {days}: it does not bill {self._period}"
        return Finding("dates", text, each.amount, *about, each.cost)

    def _away(self, each: Standing, charge: ExpectedCharge, *, alone: bool) -> Finding:
        """Return the finding for a line on another agreement. `alone`: the agreement of the charge has none."""
        where = self._name(each.addition.agreement_id)
        if not alone:
            return self._double(each, charge, f"it also bills {self._amount(each)} on agreement {where}")
        belongs = (
            "" if charge.agreement_id is None else f", and its charge belongs on {self._name(charge.agreement_id)}"
        )
        text = f"{self._of(each)} bills {self._amount(each)} on agreement {where}{belongs}"
        return self._billed_too_much("agreement", each, charge, text)

    def _double(self, each: Standing, charge: ExpectedCharge, what: str) -> Finding:
        return self._billed_too_much("double", each, charge, f"{self._of(each)} is a double: {what}")

    def _billed_too_much(self, of: FindingKind, each: Standing, charge: ExpectedCharge, text: str) -> Finding:
        """Return the finding for a line that should bill nothing."""
        cost = _less(Decimal(0), cost_of(each, self._currency))
        return self._finding(of, each, charge, text, -billed(each, self._currency), cost)

    def _finding(
        self,
        of: FindingKind,
        each: Standing,
        charge: ExpectedCharge,
        text: str,
        amount: Decimal | None,
        cost: Decimal | None,
    ) -> Finding:
        return Finding(of, text, amount, each.addition.agreement_id, charge.owner.customer, charge.address, cost)

    def _edits(self, each: Standing) -> str:
        return ", ".join(edits_of(each))

    def _of(self, each: Standing) -> str:
        gone = ", which was deleted since," if each.gone else ""
        return f"addition id {each.addition.id} ({each.addition.product}){gone}"

    def _amount(self, each: Standing) -> str:
        return amount_text(billed(each, self._currency), self._currency)

    def _money(self, amount: Decimal | None) -> str:
        return "an unknown amount" if amount is None else amount_text(amount, self._currency)

    def _quantities(self, charge: ExpectedCharge, expected: ExpectedLine, each: Standing) -> str:
        used, found = (
            with_unit(plain_decimal(quantity), charge.unit or None)
            for quantity in (expected.quantity, each.addition.quantity)
        )
        return f"{found} stand on it, and usage asks for {used}"

    def _name(self, agreement_id: int) -> str:
        found = self._agreements.get(agreement_id)
        return f"id {agreement_id}" if found is None else found.name


def _less(cost: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return a cost less another one. None if one of them is unknown."""
    return None if cost is None or other is None else cost - other
