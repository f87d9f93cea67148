"""The rules between documents of particular kinds, such as a mapping and the products that it bills.

Each rule checks all documents. The spec of a document with errors can lack attributes, so the rules read them with
`_get`, and skip missing ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from reconciler.kinds.references import references_of
from reconciler.manifests.documents import Document
from reconciler.manifests.meter_rules import charges_of, check_meters
from reconciler.manifests.positions import Path
from reconciler.manifests.references import Index
from reconciler.manifests.report import Location, Report
from reconciler.manifests.retirement import check_retired
from reconciler.manifests.suggestions import did_you_mean, listed, nearest

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS: Final = "\r\n\x0b\x0c\x85\u2028\u2029"
_OTHERWISE: Final = "Otherwise it must exist in ConnectWise"


def check_rules(index: Index, workspace: Document | None, report: Report) -> None:
    """Report every violation of the rules. `workspace` is the chosen one, or None if there is no single one."""
    by_kind: dict[str, list[Document]] = {}
    for document in index.by_address.values():
        by_kind.setdefault(document.kind.name, []).append(document)
    for document in index.by_address.values():
        _keys_on_one_line(document, report)
    check_retired(index, workspace, report)
    mappings = by_kind.get("CustomerMapping", [])
    exclusions = by_kind.get("Exclusion", [])
    if workspace is not None:
        _sources_exist([*mappings, *exclusions], workspace, report)
    check_meters(by_kind.get("Meter", []), mappings, workspace, index, report)
    _mapped_or_excluded(mappings, exclusions, report)
    for document in [*mappings, *by_kind.get("ManagementSolution", [])]:
        _same_company(document, "agreement", "Agreement", index, report)
    for document in by_kind.get("Agreement", []):
        _same_company(document, "contact", "Contact", index, report)
    _no_bundles(mappings, index, report)
    _lines_fit(mappings, workspace, index, report)
    _solutions_fit(mappings, by_kind.get("ManagementSolution", []), index, report)


def _get(document: Document, attribute: str) -> Any:
    """Return an attribute of a spec. None if a spec with errors lacks it."""
    return document.spec.__dict__.get(attribute)


def _keys_on_one_line(document: Document, report: Report) -> None:
    """Report a natural key with a line break: ConnectWise stores a space instead [docs], so the key never matches."""
    if document.kind.collection is None:
        return
    for name in document.kind.key:
        value = _get(document, document.kind.by_name[name].attribute)
        if (problem := not_on_one_line(name, value)) is not None:
            report.add(Location(document.origin, ("spec", name)), problem, "write it on one line")


def not_on_one_line(name: str, value: object) -> str | None:
    """Return what is wrong with a field of a natural key that has a line break or a control character."""
    control = _CONTROLS.search(value.strip()) if isinstance(value, str) else None
    if control is None:
        return None
    what = "a line break" if control[0] in _BREAKS else "a control character"
    return f"{name} contains {what}: ConnectWise stores a space instead, so the object would not be found again"


def _sources_exist(documents: list[Document], workspace: Document, report: Report) -> None:
    """Report a customer of a usage source that the workspace does not have."""
    if _get(workspace, "usage") is None:
        return
    names = [source.name for source in _get(workspace, "usage")]
    for document in documents:
        customer = _get(document, "customer")
        if customer is None or customer.source in names:
            continue
        there_are = f"its sources are {listed(names, 'and')}" if names else "add it to spec.usage"
        advice = did_you_mean(nearest(customer.source, names)) or there_are
        location = Location(document.origin, ("spec", "customer", "source"))
        report.add(location, f"{workspace.address} has no usage source {customer.source}", advice)


def _mapped_or_excluded(mappings: list[Document], exclusions: list[Document], report: Report) -> None:
    """Report a customer with a mapping and an exclusion."""
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
                Location(exclusion.origin, ("spec", "customer", "id")),
                f"customer {customer.id} of {customer.source} is also mapped, by {mapping.address} at {{other}}",
                "remove the mapping or the exclusion",
                other=Location(mapping.origin, ("spec", "customer", "id")),
            )


def _same_company(document: Document, field: str, kind: str, index: Index, report: Report) -> None:
    """Report a reference to an agreement or contact of another company than the document's own."""
    reference = _get(document, field)
    other = None if reference is None else index.find(kind, reference)
    own = _get(document, "company")
    theirs = None if other is None else _get(other, "company")
    if other is None or own is None or theirs is None or not isinstance(reference, str):
        return
    mine, yours = index.find("Company", own), index.find("Company", theirs)
    if mine is not None and yours is not None and mine is not yours:
        report.add(
            Location(document.origin, ("spec", field)),
            f"{other.address} belongs to {yours.address}, not to {mine.address}",
            f"use one that belongs to {mine.address}, or correct the company",
            other=Location(other.origin, ("spec", "company")),
        )


def _no_bundles(mappings: list[Document], index: Index, report: Report) -> None:
    """Report a mapping with a product of class Bundle: ConnectWise does not accept it as an addition [docs]."""
    for mapping in mappings:
        for reference in references_of(mapping.spec):
            product = index.find(reference.kind, reference.value)
            if product is None or product.kind.name != "Product" or _get(product, "product_class") != "Bundle":
                continue
            file = mapping.defaulted.get(str(reference.path[0]))
            named = product.address + (f" (from {file})" if file else "")
            report.add(
                Location(mapping.origin, ("spec", *reference.path)),
                f"{named} has productClass Bundle, at {{other}}: ConnectWise does not accept it as an addition",
                "use a product of another class",
                other=Location(product.origin, ("spec", "productClass")),
            )


def _lines_fit(mappings: list[Document], workspace: Document | None, index: Index, report: Report) -> None:
    """Report a mapping whose `lines` do not fit with the invoices of its agreement (BILLING, Additions)."""
    billing = None if workspace is None else _get(workspace, "billing")
    usual = None if billing is None else billing.lines
    for mapping in mappings:
        reference = _get(mapping, "agreement")
        agreement = None if reference is None else index.find("Agreement", reference)
        if agreement is None or _get(agreement, "invoiced") != "arrears":
            for path, charge in charges_of(mapping):
                if not (charge.get("adopt") and (charge.get("lines") or usual) == "perPeriod"):
                    continue
                report.add(
                    Location(mapping.origin, ("spec", *path, "adopt")),
                    "adopt: true does not fit lines: perPeriod on an agreement that is invoiced in advance: each month "
                    "gets an addition of its own when it has ended",
                    "leave adopt out, and end the addition that bills now by hand",
                )
            continue
        for path in _with_lines(mapping, "rolling"):
            file = mapping.defaulted.get(str(path[1]))
            report.add(
                Location(mapping.origin, path),
                f"lines: rolling{f' (from {file})' if file else ''} does not fit {agreement.address}, which is "
                "invoiced in arrears, at {other}: an invoice would bill the quantity of the next month",
                "write lines: perPeriod, or leave it out",
                other=Location(agreement.origin, ("spec", "invoiced")),
            )


def _with_lines(mapping: Document, lines: str) -> Iterator[Path]:
    """Yield the place of `lines` in each charge that declares this value."""
    return (("spec", *path, "lines") for path, charge in charges_of(mapping) if charge.get("lines") == lines)


def _solutions_fit(mappings: list[Document], solutions: list[Document], index: Index, report: Report) -> None:
    """Warn if a mapping's company has no management solution with the mapping's solution and Managed ID.

    They are compared exactly (guide step 9). It is a warning, because the solution may exist only in ConnectWise.
    """
    declared: dict[Any, list[tuple[str, str]]] = {}
    for solution in solutions:
        company, name, managed_id = (_get(solution, field) for field in ("company", "solution", "managed_id"))
        if company is not None and name is not None and managed_id is not None:
            declared.setdefault(index.identity("Company", company), []).append((name, managed_id))
    for mapping in mappings:
        company, name, managed_id = (_get(mapping, field) for field in ("company", "solution", "managed_id"))
        if company is None or name is None or managed_id is None:
            continue
        of_company = declared.get(index.identity("Company", company), [])
        for field, message, advice in _differences(name, managed_id, of_company):
            report.add(Location(mapping.origin, ("spec", field)), message, advice, warning=True)
            break


def _differences(name: str, managed_id: str, declared: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield (field, message, advice) for a mapping's solution that is not declared, with the best advice first.

    `declared` has the (name, Managed ID) of the company's management solutions. If it is empty, nothing is yielded.
    """
    if not declared or (name, managed_id) in declared:
        return
    for other, other_id in declared:
        if other != name and other.casefold() == name.casefold() and other_id == managed_id:
            yield (
                "solution",
                f"this company has no management solution named exactly {name} in the manifests",
                f"{did_you_mean(other)} {_OTHERWISE}",
            )
    for other, other_id in declared:
        if other == name:
            yield (
                "managedId",
                f"this company has no management solution {name} with the Managed ID {managed_id} in the manifests",
                f"{did_you_mean(other_id)} {_OTHERWISE}",
            )
    yield (
        "solution",
        f"this company has no management solution {name} with the Managed ID {managed_id} in the manifests",
        f"{did_you_mean(f'{other} {other_id}' for other, other_id in declared)} {_OTHERWISE}",
    )
