"""Find what a person names by words that stand on an invoice, for `usage explain`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.additions.plan import UsagePart
from reconciler.errors import ReconcilerError
from reconciler.kinds.agreement import AgreementSpec
from reconciler.kinds.company import CompanySpec
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.near import near_part
from reconciler.manifests.documents import Manifests
from reconciler.manifests.suggestions import listed


def address_on_invoice(words: str, manifests: Manifests, part: UsagePart) -> str | None:
    """Return the address of the addition or the customer that some words stand for. None if nothing has them.

    An addition is named by its tag or its id. A customer is named by its own name, by the identifier or the name of its
    company, or by its agreement. Case and blanks do not count. Raises `ReconcilerError` if several have the words.
    """
    found = dict.fromkeys(
        view.address for view in part.views if view.live is not None and words in (view.live.serial, str(view.live.id))
    )
    if not found:
        wanted = near_part(words)
        found = dict.fromkeys(address for address, name in _names(manifests, part) if near_part(name) == wanted)
    if len(found) > 1:
        advice = f"Give the address of one of them: {listed(found)}."
        raise ReconcilerError(f"{words} stands for {len(found)} customers or additions", advice=advice)
    return next(iter(found), None)


def _names(manifests: Manifests, part: UsagePart) -> Iterator[tuple[str, str]]:
    """Yield the address of each customer with each of its names."""
    for row in part.part.coverage:
        yield f"{row.source}/{row.customer}", row.name
    for document in manifests.of(CustomerMappingSpec):
        spec = document.spec
        address = f"{spec.customer.source}/{spec.customer.id}"
        company = manifests.find(CompanySpec, f"Company/{spec.company}")
        agreement = manifests.find(AgreementSpec, f"Agreement/{spec.agreement}")
        names: list[Any] = [spec.customer.name, *_values(spec.company), *_values(spec.agreement)]
        if company is not None:
            names += [company.address, company.spec.identifier, company.spec.name]
        if agreement is not None:
            names += [agreement.address, agreement.spec.name]
        for name in names:
            if isinstance(name, str):
                yield address, name


def _values(reference: Any) -> list[Any]:
    """Return the names in a reference, such as `acme` or `{identifier: ACME}`."""
    return [reference] if isinstance(reference, str) else list(reference.model_dump(exclude_none=True).values())
