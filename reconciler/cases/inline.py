"""Mappings and products that exist only in a case, as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from reconciler.cases.errors import CaseError
from reconciler.cases.estate import Estate
from reconciler.kinds.base import Kind, Metadata, Spec
from reconciler.kinds.customer_mapping import KIND as MAPPING
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.product import KIND as PRODUCT
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.references import references_of
from reconciler.manifests.defaults import missing
from reconciler.manifests.documents import Document, DocumentOf, Origin
from reconciler.manifests.positions import Path
from reconciler.manifests.suggestions import did_you_mean, near
from reconciler.manifests.validation import check

NAME = "inline"
"""The name of a mapping that exists only in a case."""

_ORIGIN = Origin("", 0)
S = TypeVar("S", bound=Spec)


def mapping_of(
    fields: Mapping[str, Any], source: str, estate: Estate, products: Mapping[str, Document]
) -> DocumentOf[CustomerMappingSpec]:
    """Return the mapping with these fields. What they leave out comes from the `Defaults` of the root folder.

    The company, the agreement and the solution may be left out: then they are made up. Raises `CaseError` for a field
    that is not valid, and for a reference to a document that does not exist.
    """
    defaults = estate.manifests.fallback.get(MAPPING.name, {})
    made_up: dict[str, Any] = {
        "customer": {"source": source, "id": NAME},
        "company": {"identifier": NAME},
        "agreement": {"name": NAME},
        "solution": NAME,
        "managedId": "0",
    }
    filled = {name: value for name, value in defaults.items() if name in missing(MAPPING, _filled(defaults), fields)}
    content = {**made_up, **filled, **fields}
    document = _document(MAPPING, CustomerMappingSpec, NAME, content, ("mapping",), given=fields)
    for path, kind, name in _names(document):
        if f"{kind}/{name}" not in estate.manifests.by_address and not (kind == PRODUCT.name and name in products):
            advice = did_you_mean(near(name, [*estate.names(kind), *(products if kind == PRODUCT.name else ())]))
            raise CaseError(("mapping", *path), f"there is no {kind}/{name}", advice)
    return document


def _filled(defaults: Mapping[str, Any]) -> Mapping[str, tuple[Any, Origin]]:
    return {name: (value, _ORIGIN) for name, value in defaults.items()}


def _names(document: Document) -> Iterator[tuple[Path, str, str]]:
    """Yield (path, kind, name) of each reference by a manifest name."""
    for reference in references_of(document.spec):
        if isinstance(reference.value, str):
            yield reference.path, reference.kind, reference.value


def product_of(name: str, fields: Mapping[str, Any], estate: Estate) -> Document:
    """Return the product with these fields. What they leave out comes from the manifest of that name, if there is one.

    Raises `CaseError` for a field that is not valid.
    """
    declared = estate.manifests.by_address.get(f"{PRODUCT.name}/{name}")
    path = ("products", name)
    if declared is None:
        made_up = dict.fromkeys(("identifier", "description", "customerDescription", "subcategory", "type"), name[:60])
        return _document(PRODUCT, ProductSpec, name, {**made_up, **fields}, path, given=fields)
    given = _filled(declared.spec.model_dump(by_alias=True, exclude_unset=True))
    before = {name: value for name, (value, _) in missing(PRODUCT, given, fields).items()}
    return _document(PRODUCT, ProductSpec, name, {**before, **fields}, path, given=fields)


def _document(
    kind: Kind, spec: type[S], name: str, content: Mapping[str, Any], path: Path, *, given: Mapping[str, Any]
) -> DocumentOf[S]:
    """Return a document with a checked spec. Only the fields in `given` can have mistakes of the case."""
    checked = check(spec, content)
    if checked.problems:
        problem = checked.problems[0]
        place = (*path, *problem.path) if problem.path and problem.path[0] in given else path
        raise CaseError(place, problem.message, problem.suggestion)
    metadata = check(Metadata, {"name": name})
    if metadata.problems:
        raise CaseError(path, metadata.problems[0].message, metadata.problems[0].suggestion)
    return DocumentOf(kind, metadata.value, checked.value, frozenset(content), _ORIGIN, {})
