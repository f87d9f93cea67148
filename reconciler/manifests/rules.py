"""What particular kinds demand of each other: the only rules here that know kinds by name.

Each rule looks at the whole estate and reports what does not fit. A document with mistakes of its own may lack
attributes; every rule passes over what is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from reconciler.kinds.base import Metadata
from reconciler.kinds.references import references_of
from reconciler.manifests.documents import Document
from reconciler.manifests.references import Index
from reconciler.manifests.report import Report, Spot
from reconciler.manifests.suggestions import listed, nearest

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS: Final = "\r\n\x0b\x0c\x85\u2028\u2029"
RETIREMENT_IS_BUILT: Final = False
"""`metadata.ensure: retired` is refused until applying knows how to retire."""


def check_metadata(metadata: Metadata, spot: Spot, report: Report) -> None:
    """`spot` is that of `metadata.ensure`."""
    if getattr(metadata, "ensure", "present") != "retired":
        return
    if getattr(metadata, "protect", False):
        report.add(spot, "protect: true and ensure: retired contradict each other", "remove one of the two")
    if not RETIREMENT_IS_BUILT:
        report.add(
            spot,
            "ensure: retired is not built in this version",
            "retire the object in ConnectWise by hand, and remove this document",
        )


def check_rules(index: Index, workspace: Document | None, report: Report) -> None:
    by_kind: dict[str, list[Document]] = {}
    for document in index.by_address.values():
        by_kind.setdefault(document.kind.name, []).append(document)
    for document in index.by_address.values():
        _keys_on_one_line(document, report)
    mappings = by_kind.get("CustomerMapping", [])
    exclusions = by_kind.get("Exclusion", [])
    if workspace is not None:
        _sources_exist([*mappings, *exclusions], workspace, report)
    _mapped_or_excluded(mappings, exclusions, report)
    for document in [*mappings, *by_kind.get("ManagementSolution", [])]:
        _same_company(document, "agreement", index, report)
    for document in by_kind.get("Agreement", []):
        _same_company(document, "contact", index, report)
    _no_bundles(mappings, index, report)
    _solutions_fit(mappings, by_kind.get("ManagementSolution", []), index, report)


def _get(document: Document, attribute: str) -> Any:
    return document.spec.__dict__.get(attribute)


def _keys_on_one_line(document: Document, report: Report) -> None:
    """A key with a line break in it is stored with a space in its place [docs]: it would not be found again."""
    if document.kind.collection is None:
        return
    for name in document.kind.key:
        value = _get(document, document.kind.by_name[name].attribute)
        if isinstance(value, str) and (odd := _CONTROLS.search(value.strip())):
            report.add(
                Spot(document.origin, ("spec", name)),
                f"{name} holds {'a line break' if odd[0] in _BREAKS else 'a control character'}: ConnectWise stores a "
                "space in its place, and the object is not found again",
                "write it on one line",
            )


def _sources_exist(documents: list[Document], workspace: Document, report: Report) -> None:
    names = [source.name for source in _get(workspace, "usage") or ()]
    if _get(workspace, "usage") is None:
        return
    for document in documents:
        customer = _get(document, "customer")
        if customer is None or customer.source in names:
            continue
        guess = nearest(customer.source, names)
        advice = f"did you mean {guess}?" if guess else f"its sources are {listed(names, 'and')}" if names else ""
        spot = Spot(document.origin, ("spec", "customer", "source"))
        report.add(spot, f"{workspace.address} has no usage source {customer.source}", advice or "add it to spec.usage")


def _mapped_or_excluded(mappings: list[Document], exclusions: list[Document], report: Report) -> None:
    mapped = {
        (customer.source, customer.id): mapping
        for mapping in mappings
        if (customer := _get(mapping, "customer")) is not None
    }
    for exclusion in exclusions:
        customer = _get(exclusion, "customer")
        if _get(exclusion, "device") is not None:
            continue
        if customer is not None and (mapping := mapped.get((customer.source, customer.id))):
            report.add(
                Spot(exclusion.origin, ("spec", "customer", "id")),
                f"customer {customer.id} of {customer.source} is mapped too, by {mapping.address} at {{other}}",
                "remove the mapping or the exclusion",
                other=Spot(mapping.origin, ("spec", "customer", "id")),
            )


def _same_company(document: Document, field: str, index: Index, report: Report) -> None:
    """A declared agreement or contact belongs to the company of the document that refers to it."""
    reference = _get(document, field)
    other = None if reference is None else index.find(field.capitalize(), reference)
    own = _get(document, "company")
    theirs = None if other is None else _get(other, "company")
    if other is None or own is None or theirs is None or not isinstance(reference, str):
        return
    mine, yours = index.find("Company", own), index.find("Company", theirs)
    if mine is not None and yours is not None and mine is not yours:
        report.add(
            Spot(document.origin, ("spec", field)),
            f"{other.address} belongs to {yours.address}, not to {mine.address}",
            f"name one of {mine.name}'s, or correct the company",
            other=Spot(other.origin, ("spec", "company")),
        )


def _no_bundles(mappings: list[Document], index: Index, report: Report) -> None:
    """A product of class Bundle cannot be an addition [docs], so no mapping may bill by one."""
    for mapping in mappings:
        for reference in references_of(mapping.spec):
            product = index.find(reference.kind, reference.value)
            if product is None or product.kind.name != "Product" or _get(product, "product_class") != "Bundle":
                continue
            file = mapping.defaulted.get(str(reference.path[0]))
            named = product.address + (f" (from {file})" if file else "")
            report.add(
                Spot(mapping.origin, ("spec", *reference.path)),
                f"{named} has productClass Bundle, at {{other}}: ConnectWise takes no bundle as an addition",
                "name a product of another class",
                other=Spot(product.origin, ("spec", "productClass")),
            )


def _solutions_fit(mappings: list[Document], solutions: list[Document], index: Index, report: Report) -> None:
    """A mapping's solution and Managed ID are matched exactly (guide step 9). Another one may exist live: a warning."""
    declared: dict[Any, list[tuple[str, str]]] = {}
    for solution in solutions:
        company, name, managed_id = (_get(solution, field) for field in ("company", "solution", "managed_id"))
        if company is not None and name is not None and managed_id is not None:
            declared.setdefault(index.identity("Company", company), []).append((name, managed_id))
    for mapping in mappings:
        company, name, managed_id = (_get(mapping, field) for field in ("company", "solution", "managed_id"))
        if company is None or name is None or managed_id is None:
            continue
        there = declared.get(index.identity("Company", company), [])
        for field, message, advice in _differences(name, managed_id, there):
            report.add(Spot(mapping.origin, ("spec", field)), message, advice, warning=True)
            break


def _differences(name: str, managed_id: str, there: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """(field, message, advice) where declared management solutions of the company come near, and none is this one."""
    if not there or (name, managed_id) in there:
        return
    for other, other_id in there:
        if other != name and other.casefold() == name.casefold() and other_id == managed_id:
            yield (
                "solution",
                f"no declared management solution of this company is {name}, with this case",
                (f"did you mean {other}? Otherwise it has to exist in ConnectWise"),
            )
    for other, other_id in there:
        if other == name:
            yield (
                "managedId",
                f"no declared management solution {name} of this company has the Managed ID {managed_id}",
                (f"did you mean {other_id}? Otherwise it has to exist in ConnectWise"),
            )
    names = listed(f"{other} {other_id}" for other, other_id in there)
    yield (
        "solution",
        f"no declared management solution of this company is {name} {managed_id}",
        (f"did you mean {names}? Otherwise it has to exist in ConnectWise"),
    )
