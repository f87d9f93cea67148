"""Write a customer mapping for each proposal: certain ones as they are, the others marked `proposed`.

A mapping is written so that its first apply creates no line beside one that bills the same thing. Where that cannot be
known, the proposal stays open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from reconciler.additions.tag import DEFAULT_CHARGE, parse
from reconciler.importing.candidates import Days, solution_of
from reconciler.importing.describe import Describer
from reconciler.importing.drafts import Draft, in_order
from reconciler.importing.estate import Estate
from reconciler.importing.kinds_in_files import PRODUCT
from reconciler.importing.matching.model import Confidence, CustomerKey, Proposal
from reconciler.importing.matching.usage import for_backup
from reconciler.importing.reading import ADDITION
from reconciler.importing.slugs import joined, slug
from reconciler.importing.standing import Standing
from reconciler.importing.yaml_values import Ref
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.management_solution import ManagementSolutionSpec
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_decimal

MAPPING: Final = "CustomerMapping"
SOLUTION: Final = "ManagementSolution"
_INTEGRATION: Final = "ManagedDevicesIntegration"
_LONGEST_SOLUTION: Final = 30
_SEATS: Final = re.compile(
    r"365|mailbox|\b(?:users?|seats?|licen[cs]es?|workstations?|laptops?|devices?)\b", re.IGNORECASE
)
"""Words of products that are billed for each user or device."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a mapping would bill, and the addition that it takes over."""

    product_id: int
    addition: LiveObject | None = None
    adopt: bool = False
    guessed: str = ""
    """Why the product or the addition is a guess. Empty if it is not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one proposal."""

    proposal: Proposal
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    """Why it is open."""
    mapping: str | None = None
    """The address of its mapping, new or standing."""
    proposed: bool = False
    """Whether the mapping waits for a person."""
    line: Line | None = None
    notes: tuple[str, ...] = ()
    """What a person has to look at before the mapping is confirmed."""


class OpenError(Exception):
    """Nothing can be written for a proposal. The text is the reason."""


class Mapper:
    """Writes the mappings of the proposals, each with the management solution that it needs."""

    def __init__(self, estate: Estate, standing: Standing, describer: Describer, days: Days) -> None:
        self._estate = estate
        self._standing = standing
        self._describer = describer
        self._days = days
        self._products = {each.id: each for each in estate.of(PRODUCT)}
        self._mapped = {
            (each.spec.customer.source, each.spec.customer.id): each
            for each in standing.manifests.of(CustomerMappingSpec)
        }
        self._default_price = standing.manifests.fallback.get(MAPPING, {}).get("price")
        self._usual_product: int | None = None
        self._usual_solution: str | None = None

    def outcomes(self, proposals: Sequence[Proposal], chosen: frozenset[int]) -> list[Outcome]:
        """Write the mappings, and return what became of each proposal, in its order.

        `chosen` are the ids of the companies that this import writes.
        """
        self._usual_product = self._most_used_product(proposals)
        self._usual_solution = self._most_used_solution({each.customer.id for each in proposals})
        return [self._outcome(each, chosen) for each in proposals]

    def _outcome(self, proposal: Proposal, chosen: frozenset[int]) -> Outcome:
        standing = self._mapped.get(proposal.customer.key)
        if standing is not None:
            outcome = Outcome(
                proposal, proposal.confidence, proposal.reasons, standing.address, standing.metadata.proposed
            )
            return self._with_line(outcome)
        if proposal.confidence == "open" or proposal.company is None or proposal.agreement is None:
            return Outcome(proposal, "open", proposal.reasons)
        if proposal.company.id not in chosen:
            return Outcome(proposal, proposal.confidence, ("its company is not among those that were asked for",))
        try:
            return self._written(proposal)
        except OpenError as reason:
            return Outcome(proposal, "open", (str(reason),))

    def _with_line(self, outcome: Outcome) -> Outcome:
        """Return the outcome of a mapping that stands, with the line and the notes that a new one would have."""
        try:
            line = self._line(outcome.proposal)
        except OpenError:
            return outcome
        _, notes = self._charge(line)
        return replace(outcome, line=line, notes=tuple(filter(None, (line.guessed, *notes))))

    def _written(self, proposal: Proposal) -> Outcome:
        """Add the documents of a proposal. Raises `OpenError` if they cannot be written."""
        line = self._line(proposal)
        solution, managed_id, new = self._solution(proposal)
        charge, notes = self._charge(line)
        proposed = proposal.confidence != "certain" or new is not None or bool(line.guessed) or bool(notes)
        notes = tuple(filter(None, (line.guessed, *notes)))
        draft = self._draft(proposal, {**charge, "solution": solution, "managedId": managed_id})
        draft.proposed = proposed
        if new is not None:
            if not self._describer.drafts.add(new):
                raise OpenError(self._describer.drafts.left_out.pop().reason)
            draft.needs = new.address
        if proposed:
            draft.comment = comment(proposal, draft.address, notes)
        if not self._describer.drafts.add(draft):
            if new is not None:
                self._describer.drafts.remove(new, "its mapping cannot be written")
            raise OpenError(self._describer.drafts.left_out.pop().reason)
        return Outcome(proposal, proposal.confidence, (), draft.address, proposed, line, notes)

    def _draft(self, proposal: Proposal, more: Mapping[str, Any]) -> Draft:
        customer, company, agreement = proposal.customer, proposal.company, proposal.agreement
        if company is None or agreement is None:
            raise OpenError("its company or its agreement is not decided")
        name = {"name": customer.name} if customer.name.strip() and customer.name.isprintable() else {}
        spec = {
            "customer": {"source": customer.source, "id": customer.id, **name},
            "company": Ref("Company", company.id),
            "agreement": Ref("Agreement", agreement.id),
            **more,
        }
        of = kind(MAPPING)
        wanted = self._name_in_tags(proposal) or slug(customer.name)
        draft = Draft(of, self._describer.names.of(MAPPING, wanted, slug(customer.id)), in_order(of, spec))
        draft.company, draft.file = company.id, self._describer.company_files[company.id]
        return draft

    # ── what is billed ───────────────────────────────────────────────────────────────────────────────────

    def _additions(self, proposal: Proposal) -> list[LiveObject]:
        """Return the additions of the proposed agreement that bill now and go on."""
        number = 0 if proposal.agreement is None else proposal.agreement.id
        return [each for each in self._estate.children.get(ADDITION, {}).get(number, ()) if self._days.bills(each)]

    def _line(self, proposal: Proposal) -> Line:
        additions = self._additions(proposal)
        if tagged := [each for each in additions if _customer_of(each) == proposal.customer.key]:
            return _tagged_line(tagged)
        untagged = [each for each in additions if parse(each.raw.get("serialNumber")) is None]
        if proposal.addition is not None:
            found = next(each for each in additions if each.id == proposal.addition.id)
            return Line(product_id(found), found, adopt=True)
        backup = [each for each in untagged if _may_bill_storage(each)]
        if len(backup) > 1:
            ids = ", ".join(str(each.id) for each in backup)
            raise OpenError(f"additions {ids} of the agreement may bill its backup, and nothing says which one does")
        if backup:
            same = [each.id for each in untagged if product_id(each) == product_id(backup[0])]
            if len(same) > 1:
                ids = ", ".join(map(str, same))
                raise OpenError(f"additions {ids} of the agreement have the same product: end all but one")
            text = f"addition {backup[0].id} is the only one for backup, but its quantity does not fit the usage"
            return Line(product_id(backup[0]), backup[0], adopt=True, guessed=text)
        if self._usual_product is None:
            raise OpenError("no addition shows the product that bills it, and the Defaults name none")
        return Line(self._usual_product, guessed="no addition shows its product: this is the usual one")

    def _charge(self, line: Line) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the fields of the charge, and what a person has to look at."""
        product: Any = Ref(PRODUCT, line.product_id)
        charge: dict[str, Any] = {}
        notes: list[str] = []
        price = None if line.addition is None else line.addition.raw.get("unitPrice")
        known = self._price_of(line.product_id)
        charge["product"] = product
        if price is not None and Decimal(price) != known:
            charge["price"] = Decimal(price)
        elif self._default_price is not None:
            charge["price"] = known  # or the default would fill it in
        if price is None and known is None:
            notes.append("the product has no price, so nothing is billed until it or the mapping has one")
        if line.addition is not None:
            if line.adopt and price is not None and not Decimal(price):
                notes.append(f"addition {line.addition.id} has the price 0, and so has the mapping: it bills nothing")
            included = Decimal(line.addition.raw.get("lessIncluded") or 0)
            if included > 0:
                charge["included"] = {"amount": included, "per": "customer"}
            if (bills := line.addition.raw.get("billCustomer")) not in (None, "Billable"):
                notes.append(f"addition {line.addition.id} is marked {bills}: adopting it makes it Billable")
        if line.adopt:
            charge["adopt"] = True
        return charge, tuple(notes)

    def _price_of(self, product: int) -> Decimal | None:
        """Return the unit price that the product gives: the declared one, else the live one. A live 0 is no price."""
        name = self._standing.names.get((PRODUCT, product))
        document = self._standing.manifests.find(ProductSpec, f"{PRODUCT}/{name}")
        if document is not None and "price" in document.declared:
            return document.spec.price
        live = self._products.get(product)
        price = None if live is None else live.raw.get("price")
        return Decimal(price) if price else None

    def _most_used_product(self, proposals: Iterable[Proposal]) -> int | None:
        """Return the product that most of the adopted additions have, or else the one of the defaults that stand."""
        counted = Counter(each.addition.product_id for each in proposals if each.addition is not None)
        if counted:
            return min(counted, key=lambda number: (-counted[number], number))
        default = self._standing.manifests.fallback.get(MAPPING, {}).get("product")
        found = [number for (of, number), name in self._standing.names.items() if of == PRODUCT and name == default]
        return found[0] if found else None

    # ── the management solution ──────────────────────────────────────────────────────────────────────────

    def _solution(self, proposal: Proposal) -> tuple[str, str, Draft | None]:
        """Return the solution and the Managed ID of a mapping, and the document of a solution that does not exist."""
        company = 0 if proposal.company is None else proposal.company.id
        managed_id = proposal.customer.id
        live = [solution_of(each) for each in self._estate.children.get(SOLUTION, {}).get(company, ())]
        same = sorted(name for name, number in live if number == managed_id and name)
        if same:
            return (self._usual_solution if self._usual_solution in same else same[0]), managed_id, None
        if not (managed_id.isascii() and managed_id.isdigit()):
            raise OpenError(f"its id '{managed_id[:40]}' has other characters than digits, so it is no Managed ID")
        declared = self._declared_solution(company, managed_id)
        if declared is not None:
            return declared, managed_id, None
        if self._usual_solution is None:
            raise OpenError("no managed devices integration says which management solution it belongs to")
        of = kind(SOLUTION)
        wanted = joined(self._describer.company_names[company], slug(self._usual_solution))
        new = Draft(of, self._describer.names.of(SOLUTION, wanted, managed_id), {}, proposed=True)
        agreement = 0 if proposal.agreement is None else proposal.agreement.id
        new.spec = {
            "company": Ref("Company", company),
            "solution": self._usual_solution,
            "managedId": managed_id,
            "agreement": Ref("Agreement", agreement),
            "deviceType": "BackupStats",
        }
        new.company, new.file = company, self._describer.company_files[company]
        new.comment = ("Proposed by `reconciler import`, for the mapping below that needs it.",)
        return self._usual_solution, managed_id, new

    def _declared_solution(self, company: int, managed_id: str) -> str | None:
        """Return the solution of a document that stands and whose object does not exist yet."""
        for document in self._standing.manifests.of(ManagementSolutionSpec):
            if document.spec.managed_id == managed_id:
                link = self._standing.matcher.links(document).get(("company",))
                if link is not None and link.id == company:
                    return document.spec.solution
        return None

    def _most_used_solution(self, customers: frozenset[str] | set[str]) -> str | None:
        """Return the solution that most Managed IDs of customers have, else the only or first integration's."""
        found = [solution_of(each) for each in self._estate.of(SOLUTION)]
        counted = Counter(name for name, number in found if number in customers and 0 < len(name) <= _LONGEST_SOLUTION)
        if counted:
            return min(counted, key=lambda name: (-counted[name], name))
        default = self._standing.manifests.fallback.get(MAPPING, {}).get("solution")
        if isinstance(default, str):
            return default
        names = sorted(str(each.raw.get("solution") or "").strip() for each in self._estate.of(_INTEGRATION))
        usable = [name for name in names if 0 < len(name) <= _LONGEST_SOLUTION]
        backup = [name for name in usable if for_backup(name)] or usable
        return backup[0] if len(backup) == 1 else None

    def _name_in_tags(self, proposal: Proposal) -> str | None:
        """Return the name of the mapping in the tag of an addition that is the customer's already."""
        for each in self._additions(proposal):
            tag = parse(each.raw.get("serialNumber"))
            if tag is not None and tag.customer == proposal.customer.key and len(tag.parts) > 2:
                return slug(tag.parts[2]) if slug(tag.parts[2]) == tag.parts[2] else None
        return None


def _customer_of(addition: LiveObject) -> CustomerKey | None:
    tag = parse(addition.raw.get("serialNumber"))
    return None if tag is None else tag.customer


def _tagged_line(tagged: Sequence[LiveObject]) -> Line:
    """Return the line of a customer that has additions with our tag. Raises `OpenError` if there are several."""
    ids = ", ".join(str(each.id) for each in tagged)
    if len(tagged) > 1:
        raise OpenError(f"additions {ids} have its tag: write its ranges or charges by hand")
    tag = parse(tagged[0].raw.get("serialNumber"))
    if tag is None or tag.period is not None or (len(tag.parts) > 3 and tag.parts[3] != DEFAULT_CHARGE):
        raise OpenError(f"addition {ids} has the tag of a charge or a period of its own: write the mapping by hand")
    return Line(product_id(tagged[0]), tagged[0])


def product_id(addition: LiveObject) -> int:
    """Return the id of the product that an addition bills."""
    return int((addition.raw.get("product") or {}).get("id") or 0)


def _may_bill_storage(addition: LiveObject) -> bool:
    """Return whether an addition may bill the storage of backups. One that bills seats does not, whatever its name."""
    texts = _texts(addition)
    seats = any(_SEATS.search(text) for text in texts)
    return bool(Decimal(addition.raw.get("quantity") or 0)) and not seats and for_backup(*texts)


def _texts(addition: LiveObject) -> tuple[str, ...]:
    product = addition.raw.get("product") or {}
    return str(product.get("identifier") or ""), str(addition.raw.get("description") or "")


def comment(proposal: Proposal, address: str, notes: Iterable[str]) -> tuple[str, ...]:
    """Return the comment above a proposed mapping: the evidence, and how to confirm it."""
    return (
        f"Proposed by `reconciler import` ({proposal.confidence}). Nothing is billed until you confirm it:",
        f"  reconciler import --confirm {address}",
        *(f"- {each}" for each in proposal.evidence),
        *(f"- {each}" for each in notes),
    )


def reopened(outcomes: Iterable[Outcome], left: Mapping[str, str]) -> list[Outcome]:
    """Return the outcomes, open again where the self-check took the mapping out. `left` has the reasons by address."""
    return [
        each
        if each.mapping is None or each.mapping not in left
        else replace(each, confidence="open", reasons=(left[each.mapping],), mapping=None, proposed=False)
        for each in outcomes
    ]


def quantity_text(value: Decimal | None, unit: str) -> str:
    """Return a quantity with its unit, with at most one decimal."""
    return "unknown" if value is None else f"{plain_decimal(value.quantize(Decimal('0.1')))} {unit}"
