"""Put the differences of a charge and its lines into words and prices, each as one finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.amounts import amount_text
from reconciler.closing.three_way_lines import covers, edits_of, invoice_moved_from, is_copy
from reconciler.closing.three_way_model import (
    AgreementFacts,
    ExpectedCharge,
    ExpectedLine,
    Finding,
    FindingKind,
    Standing,
    billed,
    cost_of,
    less,
)
from reconciler.kinds.money import monthly_amount, monthly_cost
from reconciler.kinds.values import plain_decimal, with_unit
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class Differences:
    """Makes the findings of one month."""

    agreements: Mapping[int, AgreementFacts]
    period: Period
    currency: str | None

    def orphan(self, each: Standing) -> Finding:
        """Return the finding for an addition of ours that no mapping has."""
        addition = each.addition
        customer = "" if addition.tag is None or addition.tag.customer is None else "/".join(addition.tag.customer)
        text = f"{self.of(each)} is ours, no mapping has it, and it bills {self.amount(each)}"
        amount, cost = -billed(each, self.currency), less(Decimal(0), cost_of(each, self.currency))
        return Finding("orphan", text, amount, addition.agreement_id, customer, cost=cost)

    def of_another_month(self, each: Standing) -> Finding:
        """Return the finding for a line with the tag of another month, which we have not written."""
        addition = each.addition
        tag = addition.tag
        month, customer = ("", "") if tag is None else (str(tag.period), "/".join(tag.customer or ()))
        text = (
            f"{self.of(each)} is a double: it has our tag of {month}, we have not written it, "
            f"and it bills {self.amount(each)}"
        )
        amount, cost = -billed(each, self.currency), less(Decimal(0), cost_of(each, self.currency))
        return Finding("double", text, amount, addition.agreement_id, customer, cost=cost)

    def unused(self, each: Standing, charge: ExpectedCharge) -> Finding:
        """Return the finding for a line of a charge that bills nothing in the month."""
        why = "customer is in trial" if charge.state == "trial" else f"mapping is {charge.state} in this month"
        return self.billed_too_much("unused", each, charge, f"{self.of(each)} bills {self.amount(each)}, and the {why}")

    def held(self, each: Standing, charge: ExpectedCharge) -> Iterator[Finding]:
        """Yield the edit by hand of a line whose usage is unknown. Its price is that of what we had written."""
        if edits := self.edits(each):
            text = f"{self.of(each)} was edited by hand: {edits}"
            raw = each.addition.obj.raw
            amount = monthly_amount(each.sent, self.currency) - each.addition.monthly
            cost = less(monthly_cost(each.sent, self.currency), monthly_cost(raw, self.currency))
            yield self.finding("hand edit", each, charge, text, amount, cost)

    def adjustments(self, adjustments: Sequence[Standing], charge: ExpectedCharge) -> Iterator[Finding]:
        """Yield the edits by hand of adjustments, and the copies of adjustments."""
        for each in adjustments:
            if is_copy(each, adjustments):
                yield self.double(each, charge, f"it is a copy of an adjustment, and it bills {self.amount(each)} more")
            else:
                yield from self.held(each, charge)

    def beside(self, each: Standing, charge: ExpectedCharge) -> Finding:
        """Return the finding for an addition that is not ours, beside ours with the same product."""
        amount = billed(each, self.currency)
        if amount < 0:
            taken = amount_text(-amount, self.currency)
            text = f"{self.of(each)} is not ours, and takes {taken} off our line of the same product"
            return self.billed_too_much("credit", each, charge, text)
        what = f"it is not ours, and bills {self.amount(each)} beside our line of the same product"
        return self.double(each, charge, what)

    def line(
        self, charge: ExpectedCharge, expected: ExpectedLine, each: Standing, adjusted: Decimal
    ) -> Iterator[Finding]:
        """Yield the one difference between a line and what usage asks for, if there is one."""
        amount, cost = self.difference(expected, each, adjusted), self.cost(expected, each)
        of, addition = self.of(each), each.addition
        if edits := self.edits(each):
            text = f"{of} was edited by hand: {edits}"
            if month := invoice_moved_from(each):
                text += f"; the invoice that has the lines of {month} does not have it"
                amount, cost = None if expected.amount is None else expected.amount - adjusted, expected.cost
            yield self.finding("hand edit", each, charge, text, amount, cost)
        elif adjusted and amount == 0:
            return
        elif expected.quantity and expected.unit_price not in (None, addition.price):
            prices = [
                amount_text(price or Decimal(0), self.currency) for price in (addition.price, expected.unit_price)
            ]
            text = f"{of} has the price {prices[0]}, and {prices[1]} is in force"
            if expected.quantity != addition.quantity:
                text += f"; {self._quantities(charge, expected, each)}"
            yield self.finding("price", each, charge, text, amount, cost)
        elif expected.quantity != addition.quantity and amount != 0:
            text = f"{of} bills another quantity: {self._quantities(charge, expected, each)}"
            if adjusted:
                text += f", and adjustments bill {amount_text(adjusted, self.currency)}"
            yield self.finding("quantity", each, charge, text, amount, cost)
        elif each.share != 1 and (addition.effective or "") > charge.first_day:
            text = f"{of} begins on {addition.effective}, and the usage counts from {charge.first_day}"
            yield self.finding("dates", each, charge, text, amount, cost)
        elif amount:
            text = f"{of} bills {self.amount(each)}, and usage asks for {self._money(expected.amount)}"
            yield self.finding("quantity", each, charge, text, amount, cost)
        elif cost and expected.quantity == addition.quantity and _is_of_all_months(each):
            # The cost of a line of one month is not corrected later, because no invoice shows it.
            costs = [self._money(some) for some in (cost_of(each, self.currency), expected.cost)]
            text = f"{of} has the right amount at a cost of {costs[0]}, and the cost in force gives {costs[1]}"
            yield self.finding("price", each, charge, text, amount, cost)

    def product(self, charge: ExpectedCharge, expected: ExpectedLine, each: Standing) -> Finding:
        """Return the finding for a line of another product in place of the right one."""
        text = f"{self.of(each)} bills {self.amount(each)}, and usage asks for product {expected.product}"
        amount, cost = self.difference(expected, each, Decimal(0)), self.cost(expected, each)
        if edits := self.edits(each):
            return self.finding("hand edit", each, charge, f"{text}; it was edited by hand: {edits}", amount, cost)
        return self.finding("product", each, charge, text, amount, cost)

    def of_no_product(self, each: Standing, charge: ExpectedCharge) -> Finding:
        """Return the finding for a line of another product beside the right one."""
        return self.double(each, charge, f"it bills {self.amount(each)}, and usage asks for another product only")

    def cost(self, expected: ExpectedLine, each: Standing) -> Decimal | None:
        """Return the cost that usage asks for, less that of a line."""
        return less(expected.cost, cost_of(each, self.currency))

    def difference(self, expected: ExpectedLine, each: Standing, adjusted: Decimal) -> Decimal | None:
        """Return the amount that usage asks for, less what a line and adjustments bill."""
        return None if expected.amount is None else expected.amount - billed(each, self.currency) - adjusted

    def instead(self, charge: ExpectedCharge, each: ExpectedLine, lines: Sequence[Standing]) -> Finding:
        """Return the finding for usage that only lines of somebody else bill."""
        used = with_unit(plain_decimal(each.quantity), charge.unit or None)
        amount, cost = each.amount, each.cost
        for line in lines:
            amount = None if amount is None else amount - billed(line, self.currency)
            cost = less(cost, cost_of(line, self.currency))
        others = " and ".join(f"{self.of(line)} bills {self.amount(line)}" for line in lines)
        text = f"{used} of {each.product} are used, and no line of ours bills them: {others}, and is not ours"
        about = (charge.agreement_id, charge.owner.customer, charge.owner.address_of(each.product))
        return Finding("leak", text, amount, *about, cost)

    def leak(self, charge: ExpectedCharge, each: ExpectedLine, later: Sequence[Standing]) -> Finding:
        """Return the finding for usage that no line of the month bills. `later` are its lines outside the month."""
        if not later:
            why = f": {charge.reason}" if charge.reason else ""
            return self._unbilled("leak", charge, each, f"no line bills them{why}")
        addition = later[0].addition
        if later[0].late and covers(addition, self.period):
            text = f"{self.of(later[0])} was created after the invoice was made"
            return self._unbilled("not invoiced", charge, each, text)
        days = f"begins on {addition.effective}"
        if addition.cancelled is not None:
            days = f"bills {addition.effective} to {addition.cancelled}"
        text = f"{self.of(later[0])} {days}: it does not bill {self.period}"
        return self._unbilled("dates", charge, each, text)

    def without_agreement(self, charge: ExpectedCharge, each: ExpectedLine, why: str) -> Finding:
        """Return the finding for usage of a month that its agreement does not bill. `why`: such as `ended on DAY`."""
        return self._unbilled("leak", charge, each, f"the agreement {why}: no invoice bills them")

    def _unbilled(self, of: FindingKind, charge: ExpectedCharge, each: ExpectedLine, text: str) -> Finding:
        used = with_unit(plain_decimal(each.quantity), charge.unit or None)
        about = (charge.agreement_id, charge.owner.customer, charge.owner.address_of(each.product))
        return Finding(of, f"{used} of {each.product} are used, and {text}", each.amount, *about, each.cost)

    def away(self, each: Standing, charge: ExpectedCharge, *, alone: bool) -> Finding:
        """Return the finding for a line on another agreement. `alone`: the agreement of the charge has none."""
        where = self._name(each.addition.agreement_id)
        if not alone:
            return self.double(each, charge, f"it also bills {self.amount(each)} on agreement {where}")
        belongs = (
            "" if charge.agreement_id is None else f", and its charge belongs on {self._name(charge.agreement_id)}"
        )
        text = f"{self.of(each)} bills {self.amount(each)} on agreement {where}{belongs}"
        return self.billed_too_much("agreement", each, charge, text)

    def double_of(self, best: Standing, each: Standing, charge: ExpectedCharge) -> Finding:
        """Return the finding for a second line of a charge and product."""
        what = f"id {best.addition.id} bills the same charge, and it bills {self.amount(each)} more"
        return self.double(each, charge, what)

    def double(self, each: Standing, charge: ExpectedCharge, what: str) -> Finding:
        """Return the finding for a line that bills a second time."""
        return self.billed_too_much("double", each, charge, f"{self.of(each)} is a double: {what}")

    def billed_too_much(self, of: FindingKind, each: Standing, charge: ExpectedCharge, text: str) -> Finding:
        """Return the finding for a line that should bill nothing."""
        cost = less(Decimal(0), cost_of(each, self.currency))
        return self.finding(of, each, charge, text, -billed(each, self.currency), cost)

    def finding(
        self,
        of: FindingKind,
        each: Standing,
        charge: ExpectedCharge,
        text: str,
        amount: Decimal | None,
        cost: Decimal | None,
    ) -> Finding:
        """Return a finding about a line of a charge."""
        return Finding(of, text, amount, each.addition.agreement_id, charge.owner.customer, charge.address, cost)

    def edits(self, each: Standing) -> str:
        """Return what somebody changed in a line. Empty if nothing."""
        return ", ".join(edits_of(each))

    def of(self, each: Standing) -> str:
        """Return the name of a line."""
        gone = ", which was deleted since," if each.gone else ""
        return f"addition id {each.addition.id} ({each.addition.product}){gone}"

    def amount(self, each: Standing) -> str:
        """Return what a line bills, as text."""
        return amount_text(billed(each, self.currency), self.currency)

    def _money(self, amount: Decimal | None) -> str:
        return "an unknown amount" if amount is None else amount_text(amount, self.currency)

    def _quantities(self, charge: ExpectedCharge, expected: ExpectedLine, each: Standing) -> str:
        used, found = (
            with_unit(plain_decimal(quantity), charge.unit or None)
            for quantity in (expected.quantity, each.addition.quantity)
        )
        return f"{found} stand on it, and usage asks for {used}"

    def _name(self, agreement_id: int) -> str:
        found = self.agreements.get(agreement_id)
        return f"id {agreement_id}" if found is None else found.name


def _is_of_all_months(each: Standing) -> bool:
    tag = each.addition.tag
    return tag is None or tag.period is None
