"""Write what comes out of failed cases as their new expectation. All other text of the files stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.cases.compare import NOTHING, Mismatch
from reconciler.cases.loading import cases_in
from reconciler.cases.outcome import Line
from reconciler.cases.suite import Result
from reconciler.kinds.values import plain_decimal
from reconciler.manifests.edits import Edits
from reconciler.manifests.files import SourceFile
from reconciler.manifests.positions import Path
from reconciler.manifests.report import Report

_LISTS = ("lines", "customers", "warnings")
"""The lists in `expect` whose items are removed if they do not come out."""


def accepted(results: Iterable[Result], sources: Mapping[str, SourceFile]) -> Mapping[str, str]:
    """Return the new text of each file, with the outcomes of failed cases as their expectations. Nothing is written.

    A case stays as it is if it cannot be rewritten, because it uses anchors or has to expect nothing.
    """
    edits: dict[str, Edits] = {}
    for result in results:
        if not result.passed:
            file = result.loaded.file
            if file not in edits:
                edits[file] = Edits(sources[file].text)
            _accept(result, edits[file])
    texts = {file: each.result() for file, each in edits.items()}
    return {file: text for file, text in texts.items() if text != sources[file].text and _is_valid(file, text)}


def _is_valid(file: str, text: str) -> bool:
    """Return whether the cases of a new text can be read. If not, the file stays as it is."""
    source = SourceFile(file, text)
    report = Report({file: source})
    return bool(cases_in(source, report)) and not report.diagnostics()


def _accept(result: Result, edits: Edits) -> None:
    """Add the edits of one case, all of them or none."""
    index, expect = result.loaded.origin.index, (*result.loaded.path, "expect")
    with edits.together() as made:
        made += [not _is_open(each) for each in result.mismatches]
        made += [_accept_items(name, result, edits, index, (*expect, name)) for name in _LISTS]
        made += [
            edits.replace(index, (*expect, *each.path), _value(each))
            for each in result.mismatches
            if not (_is_about_items(each) or _is_open(each))
        ]


def _is_open(mismatch: Mismatch) -> bool:
    """Return whether nothing came out for a field, so that a person has to decide what to expect."""
    nothing = mismatch.actual == NOTHING or (mismatch.actual is None and mismatch.path[-1] != "lastDay")
    return nothing and not _is_about_items(mismatch)


def _accept_items(name: str, result: Result, edits: Edits, index: int, path: Path) -> bool:
    """Remove the items of a list that did not come out, and add the lines that did."""
    found = [each for each in result.mismatches if each.path[0] == name and _is_about_items(each)]
    removed = [int(each.path[1]) for each in found if len(each.path) == 2]
    added = [_item(each.line, result.outcome.lines) for each in found if each.line is not None]
    return not found or edits.change_items(index, path, removed, added)


def _is_about_items(mismatch: Mismatch) -> bool:
    """Return whether an item of a list did not come out, or a line came out that is not expected."""
    return mismatch.line is not None or (mismatch.path[0] in _LISTS and len(mismatch.path) == 2)


def _item(line: Line, lines: Iterable[Line]) -> dict[str, Any]:
    """Return a line as an expectation has it. It names its charge if several of `lines` have its product."""
    several = sum(each.product == line.product for each in lines) > 1
    charge = {"charge": line.charge} if several and line.charge else {}
    price = {} if line.unit_price is None else {"unitPrice": line.unit_price}
    return {"product": line.product, **charge, "quantity": _plain(line.quantity), **price, "amount": line.amount}


def _value(mismatch: Mismatch) -> Any:
    """Return the actual value as it is written into the file. An amount keeps the decimals of its currency."""
    return _plain(mismatch.actual) if mismatch.form == "quantity" else mismatch.actual


def _plain(quantity: Decimal) -> Decimal:
    return Decimal(plain_decimal(quantity))
