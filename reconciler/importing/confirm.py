"""Confirm proposed documents: remove `proposed: true` from their files, and change no other byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.errors import ReconcilerError
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.management_solution import ManagementSolutionSpec
from reconciler.manifests.documents import Document, Manifests, has_spec
from reconciler.manifests.files import SourceFile
from reconciler.manifests.parsing import parse
from reconciler.manifests.positions import places_of
from reconciler.manifests.references import index
from reconciler.manifests.suggestions import did_you_mean, near

ALL: Final = "all"
_MARK: Final = re.compile(r"""(["']?)proposed\1[ \t]*:[ \t]+(?:true|True|TRUE)(?![^\s,}\]#])""")
_BEFORE: Final = re.compile(r",\s*\Z")
_AFTER: Final = re.compile(r"\s*,[ \t]*")
_REST_OF_LINE: Final = re.compile(r"[ \t]*(#[^\r\n]*)?(\r\n|\n|\r|\Z)")


def to_confirm(manifests: Manifests, wanted: Sequence[str]) -> list[Document]:
    """Return the documents to confirm: those with the given addresses, and the solutions that the mappings need.

    Raises `ReconcilerError` for an address that no proposed document has.
    """
    proposed = [each for each in manifests.documents if each.metadata.proposed]
    by_name = _by_name(proposed)
    found: dict[str, Document] = {}
    for address in wanted:
        if address == ALL:
            found |= {each.address: each for each in proposed}
            continue
        if address not in by_name:
            raise _not_proposed(address, by_name, manifests)
        found |= {each.address: each for each in (by_name[address], *_needed(by_name[address], proposed, manifests))}
    return [each for each in proposed if each.address in found]


def _not_proposed(address: str, proposed: Iterable[str], manifests: Manifests) -> ReconcilerError:
    """Return the error for an address without a proposed document. Only an unknown address gets suggestions."""
    known = manifests.by_address.get(address) or _by_name(manifests.documents).get(address)
    if known is None:
        advice = did_you_mean(near(address, proposed)) or "Nothing is proposed with this address."
        return ReconcilerError(f"there is no {address}", where="--confirm", advice=advice)
    what = f"{address} is not proposed" if known.address == address else f"{known.address} of {address} is not proposed"
    advice = f"Its document in {known.origin.file} has no `proposed: true`, so there is nothing to confirm."
    return ReconcilerError(what, where="--confirm", advice=advice)


def _by_name(documents: Iterable[Document]) -> dict[str, Document]:
    """Return documents by their addresses, and mappings by their customers too, as in `cove/1001006`."""
    found: dict[str, Document] = {}
    for each in documents:
        found[each.address] = each
        if has_spec(each, CustomerMappingSpec):
            found.setdefault(f"{each.spec.customer.source}/{each.spec.customer.id}", each)
    return found


def _needed(document: Document, proposed: Iterable[Document], manifests: Manifests) -> Iterator[Document]:
    """Yield the proposed management solutions that a mapping names."""
    if not has_spec(document, CustomerMappingSpec):
        return
    known = index(manifests.by_address)
    company = known.identity("Company", document.spec.company)
    solution = (document.spec.solution, document.spec.managed_id)
    for each in proposed:
        if not has_spec(each, ManagementSolutionSpec) or (each.spec.solution, each.spec.managed_id) != solution:
            continue
        if known.identity("Company", each.spec.company) == company:
            yield each


def without_marks(source: SourceFile, documents: Iterable[Document]) -> str:
    """Return the text of a file without the marks of these documents. All other bytes are kept.

    Raises `ReconcilerError` if a mark is written in a way that cannot be removed safely.
    """
    text = source.text
    places = places_of(text)
    starts = _line_starts(text)
    numbers = {each.origin.index for each in documents}
    keys = (places[number].keys.get(("metadata", "proposed")) for number in numbers)
    offsets = sorted((starts[place[0] - 1] + place[1] - 1 for place in keys if place is not None), reverse=True)
    after = text
    for offset in offsets:
        after = _without_mark(after, offset)
    if parse(after).documents != tuple(_expected(source, numbers)):
        raise ReconcilerError(
            "a mark cannot be removed without changing something else",
            where=source.name,
            advice="Remove `proposed: true` by hand.",
        )
    return after


def _line_starts(text: str) -> list[int]:
    """Return where each line begins, as the scanner counts lines."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]


def _without_mark(text: str, offset: int) -> str:
    """Return a text without the mark at an offset: with its line, or with one comma inside braces."""
    mark = _MARK.match(text, offset)
    if mark is None:
        return text
    line = text.rfind("\n", 0, offset) + 1
    line = max(line, text.rfind("\r", 0, offset) + 1)
    rest = _REST_OF_LINE.match(text, mark.end())
    if rest is not None and not text[line:offset].strip(" "):
        if rest[1] is None:
            return text[:line] + text[rest.end() :]
        return text[:offset] + text[mark.end() :].lstrip(" \t")
    if (before := _BEFORE.search(text, 0, offset)) is not None:
        return text[: before.start()] + text[mark.end() :]
    after = _AFTER.match(text, mark.end())
    return text[:offset] + text[mark.end() if after is None else after.end() :]


def _expected(source: SourceFile, numbers: Iterable[int]) -> Iterator[tuple[int, Any]]:
    """Yield the documents of a file as they are without the marks."""
    confirmed = frozenset(numbers)
    for number, value in parse(source.text).documents:
        yield number, _confirmed(value) if number in confirmed else value


def _confirmed(value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: each for name, each in value["metadata"].items() if name != "proposed"}
    return {name: metadata if name == "metadata" else each for name, each in value.items()}
