"""Find what the mapping of a proposal bills: its product, its price, and the addition that it takes over.

The first apply of a mapping must not create a second line for the same usage. If import cannot be sure of that, a
person has to decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.importing.addition_signs import learned_products, may_bill_storage, product_id, untagged
from reconciler.importing.addition_terms import terms_of
from reconciler.importing.addition_words import each_with_days, ids_text, undecided
from reconciler.importing.candidates import Days
from reconciler.importing.estate import Estate
from reconciler.importing.existing import Existing
from reconciler.importing.kinds_in_files import MAPPING, PRODUCT
from reconciler.importing.matching.model import CandidateAgreement, Proposal
from reconciler.importing.outcome import Line, Missing, MissingError
from reconciler.importing.reading import ADDITION, AGREEMENT
from reconciler.importing.tagged_lines import customer_of_tag, tagged_line
from reconciler.importing.yaml_values import Ref
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.money import monthly_amount
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.values import plain_text


class Charges:
    """Finds the product, the price and the addition of each proposal."""

    def __init__(self, estate: Estate, existing: Existing, days: Days, proposals: Iterable[Proposal]) -> None:
        self._estate = estate
        self._existing = existing
        self._days = days
        self._products = {each.id: each for each in estate.of(PRODUCT)}
        self._agreements = {each.id: each for each in estate.of(AGREEMENT)}
        self._currency = existing.manifests.workspace.spec.billing.currency
        self._defaults = existing.manifests.fallback.get(MAPPING, {})
        proposals = tuple(proposals)
        self._usual_product = self._most_used_product(proposals)
        self._taken = {each.addition.id: each.customer.key for each in proposals if each.addition is not None}
        """The customer that takes over each addition whose quantity fits."""
        self._wanted: Counter[int] = Counter()
        """How many customers could take over an addition for backup whose quantity fits none of them."""
        for each in proposals:
            if each.agreement is not None and each.addition is None and len(found := self._for_backup(each)) == 1:
                self._wanted[found[0].id] += 1

    def additions(self, proposal: Proposal) -> list[LiveObject]:
        """Return the additions of the proposed agreement that bill now and go on."""
        return [each for each in self._all(proposal) if self._days.bills(each)]

    def tagged(self, proposal: Proposal) -> list[LiveObject]:
        """Return the additions of the proposed agreement that have the customer's tag, also those that begin later.

        If none goes on, return those that end in the period or later.
        """
        own = [each for each in self._all(proposal) if customer_of_tag(each) == proposal.customer.key]
        return [each for each in own if not each.raw.get("cancelledDate")] or [
            each for each in own if not self._days.has_ended(each)
        ]

    def _all(self, proposal: Proposal) -> Sequence[LiveObject]:
        number = 0 if proposal.agreement is None else proposal.agreement.id
        return self._estate.children.get(ADDITION, {}).get(number, ())

    def line(self, proposal: Proposal) -> Line:
        """Return the line of a proposal. Raises `MissingError` if a person has to decide it."""
        if tagged := self.tagged(proposal):
            return tagged_line(tagged, proposal)
        additions = self.additions(proposal)
        here = untagged(additions)
        learned = learned_products(proposal)
        others = untagged(each for each in self._all(proposal) if not self._days.bills(each))
        at_other_times = [each for each in others if not self._days.has_ended(each) and may_bill_storage(each, learned)]
        if proposal.addition is not None:
            found = next(each for each in additions if each.id == proposal.addition.id)
            return Line(product_id(found), found, adopt=True, later=self._later(at_other_times))
        backup = self._for_backup(proposal)
        if len(backup) > 1:
            raise undecided(
                backup,
                f"additions {ids_text(backup)} of the agreement may bill its backup, and no data shows which one does",
                "Write a `CustomerMapping` with the product of the right one and `adopt: true`.",
            )
        if backup and not may_bill_storage(backup[0]):
            raise undecided(
                backup,
                f"addition {ids_text(backup)} may bill its backup: its product does not say so, but its "
                "quantity, or those of other customers, follow the usage",
                "Write a `CustomerMapping` with the product of this line and `adopt: true`, or with another product.",
            )
        if backup and self._wanted[backup[0].id] > 1:
            raise undecided(
                backup,
                f"addition {ids_text(backup)} may bill the backup of {self._wanted[backup[0].id]} customers",
                "Write a `CustomerMapping` with `adopt: true` for the right customer, and others without it.",
            )
        if backup:
            same = [each for each in here if product_id(each) == product_id(backup[0])]
            if len(same) > 1:
                raise undecided(
                    same,
                    f"additions {ids_text(same)} of the agreement have the same product, so none can be taken over",
                    "End all but one of them in ConnectWise, and import again.",
                )
            text = f"addition {backup[0].id} is the only one for backup, but its quantity does not fit the usage"
            return Line(product_id(backup[0]), backup[0], adopt=True, guessed=text, later=self._later(at_other_times))
        if at_other_times:
            raise undecided(
                at_other_times,
                f"{each_with_days(at_other_times)} may bill its backup, so a line for this month may bill it twice",
                "Write a `CustomerMapping` with `start` in the first month that no such addition bills, or end the "
                "additions in ConnectWise and import again.",
            )
        elsewhere = self._elsewhere(proposal)
        if backup := [each for each in elsewhere if may_bill_storage(each, learned)]:
            raise undecided(
                backup,
                f"{self._named(backup, proposal)} may bill its backup, so a line on this agreement may bill it twice",
                "Write a `CustomerMapping` with that agreement and `adopt: true`, or end the addition in ConnectWise, "
                "and import again.",
            )
        if self._usual_product is None:
            why = "no addition of any customer shows the product that bills its backup, and no default names one"
            advice = "Write `product` of CustomerMapping into a `Defaults` document, and import again."
            raise MissingError(Missing("product", why, advice))
        text = "no addition shows its product: this is the usual one"
        beside = [each for each in untagged(self._all(proposal)) if not self._days.has_ended(each)]
        if others := [each for each in (*beside, *elsewhere) if each.raw.get("quantity")]:
            total = sum((monthly_amount(each.raw, self._currency) for each in others), Decimal(0))
            bill = "bills" if len(others) == 1 else "bill"
            text += (
                f". It would be a new line: check that {self._named(others, proposal)}, which {bill} "
                f"{amount_text(total, self._currency)} a month, {'does' if len(others) == 1 else 'do'} not bill its "
                "backup already"
            )
        return Line(self._usual_product, guessed=text)

    def _for_backup(self, proposal: Proposal) -> list[LiveObject]:
        """Return the untagged additions of the agreement that may bill the backup of this customer, by all signs."""
        learned, key = learned_products(proposal), proposal.customer.key
        return [
            each
            for each in untagged(self.additions(proposal))
            if may_bill_storage(each, learned) and self._taken.get(each.id, key) == key
        ]

    def _elsewhere(self, proposal: Proposal) -> list[LiveObject]:
        """Return the untagged additions on the company's other agreements, except those of another customer."""
        here = 0 if proposal.agreement is None else proposal.agreement.id
        agreements = () if proposal.company is None else proposal.company.agreements
        on_agreements = self._estate.children.get(ADDITION, {})
        found = [each for one in agreements if one.active and one.id != here for each in on_agreements.get(one.id, ())]
        free = (each for each in untagged(found) if each.id not in self._taken and not self._wanted[each.id])
        return [each for each in free if each.raw.get("quantity") and not self._days.has_ended(each)]

    def _named(self, additions: Iterable[LiveObject], proposal: Proposal) -> str:
        """Return additions by their ids, with the name of each agreement that is not the proposed one."""
        here = None if proposal.agreement is None else proposal.agreement.id
        names = {each.id: each.name for each in (() if proposal.company is None else proposal.company.agreements)}
        by_agreement: dict[int | None, list[LiveObject]] = defaultdict(list)
        for each in additions:
            by_agreement[each.parent_id].append(each)
        return " and ".join(
            f"addition{'s' if len(found) > 1 else ''} {ids_text(found)}"
            + ("" if number == here else f" of agreement {names.get(number or 0, str(number))!r}")
            for number, found in by_agreement.items()
        )

    def _later(self, additions: Iterable[LiveObject]) -> tuple[LiveObject, ...]:
        return tuple(each for each in additions if (date_text(each.raw.get("effectiveDate")) or "") > self._days.last)

    def wrong_currency(self, agreement: CandidateAgreement) -> str | None:
        """Return the currency of an agreement that differs from the workspace's. None if it does not."""
        found = self._agreements.get(agreement.id)
        code = plain_text(((found.raw.get("currency") if found else None) or {}).get("currencyCode") or "")
        return None if code is None or self._currency in (None, code) else code

    def charge(self, line: Line) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the fields of the charge, and the notes for a person."""
        charge: dict[str, Any] = {"product": Ref(PRODUCT, line.product_id)}
        notes: list[str] = [line.guessed] if line.guessed else []
        addition = line.addition
        price = None if addition is None else addition.raw.get("unitPrice")
        known = self._price_of(line.product_id)
        if price is not None and Decimal(price) != known:
            charge["price"] = Decimal(price)
        elif self._defaults.get("price") is not None:
            charge["price"] = known  # or the default would fill it in
        if price is None and known is None:
            notes.append("the product has no price, so nothing is billed until it or the mapping has one")
        if addition is not None:
            fields, more = terms_of(addition, adopt=line.adopt)
            charge |= fields
            notes += more
        if line.later:
            said = each_with_days(line.later)
            notes.append(f"{said} may bill the same backup: end it before that day, or the mapping")
        if line.adopt:
            charge["adopt"] = True
        return charge, tuple(notes)

    def _price_of(self, product: int) -> Decimal | None:
        """Return the unit price that the product gives: the declared one, else the live one. A live 0 is no price."""
        name = self._existing.names.get((PRODUCT, product))
        document = self._existing.manifests.find(ProductSpec, f"{PRODUCT}/{name}")
        if document is not None and "price" in document.declared:
            price: Decimal | None = document.of_today.get("price", document.spec.price)
            return price
        live = self._products.get(product)
        price = None if live is None else live.raw.get("price")
        return Decimal(price) if price else None

    def _most_used_product(self, proposals: Iterable[Proposal]) -> int | None:
        """Return the product that most of the adopted additions have, or else the one of the existing defaults."""
        counted = Counter(each.addition.product_id for each in proposals if each.addition is not None)
        if counted:
            return min(counted, key=lambda number: (-counted[number], number))
        default = self._defaults.get("product")
        found = [number for (of, number), name in self._existing.names.items() if of == PRODUCT and name == default]
        return found[0] if found else None
