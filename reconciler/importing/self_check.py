"""Check the documents of an import before they are written, by the same code that `validate` and `plan` run.

A field that gives an error, or that a plan would change, is left out with the reason, until the plan is empty. So each
written document agrees with ConnectWise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.errors import ReconcilerError
from reconciler.importing.drafts import Drafts, in_order
from reconciler.importing.estate import Estate
from reconciler.importing.existing import matcher_of
from reconciler.kinds.base import attribute_of
from reconciler.kinds.live_state import LiveState
from reconciler.manifests.documents import Document, Manifests
from reconciler.manifests.loading import Trial, try_out
from reconciler.manifests.report import Finding
from reconciler.planning.action import Action, Change
from reconciler.planning.retire import Terms
from reconciler.planning.setup import plan_setup

_ADDRESS: Final = re.compile(r"[A-Z]\w+/[A-Za-z0-9][A-Za-z0-9._-]*")
_UNRECOGNISED: Final = "a plan would not recognise the object, and would create a second one"
_NOTHING_RETIRES: Final = Terms("9999-12-31")
"""The terms of a plan without retirements."""
LayOut = Callable[[Drafts], Mapping[str, str]]
"""Returns the texts of the files with these documents, by the names of the files."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The texts of the files without errors, and how often they were checked."""

    texts: Mapping[str, str]
    rounds: int


def settle(root: Path, workspace: str, drafts: Drafts, estate: Estate, lay_out: LayOut) -> Checked:
    """Leave wrong fields and documents out, and return the files without them."""
    rounds = 0
    while True:
        rounds += 1
        texts = lay_out(drafts)
        if not drafts.documents:
            return Checked(texts, rounds)
        trial = try_out(root, texts, workspace=workspace)
        if trial.manifests is not None and _undo_defaults(trial.manifests, drafts):
            continue
        problems = _errors(trial, drafts) if trial.manifests is None else _differences(trial.manifests, estate, drafts)
        if not problems:
            return Checked(texts, rounds)
        before = _size(drafts)
        seen: set[tuple[str, tuple[Any, ...]]] = set()
        for address, path, reason in problems:
            place = (address, path[:1])  # one mistake in a field can show itself in several ways
            if place not in seen and (draft := drafts.documents.get(address)) is not None:
                seen.add(place)
                drafts.leave_out(draft, path, reason)
        drafts.remove_dependent()
        if _size(drafts) == before:
            raise ReconcilerError(
                f"the documents of this import cannot be made right: {problems[0][2]}",
                where=problems[0][0],
                advice="Nothing was written. Please report this with the object's values in ConnectWise.",
            )


def _undo_defaults(manifests: Manifests, drafts: Drafts) -> bool:
    """Write null for each field of `Draft.keeps` that a default fills in. Return whether there is one."""
    found = False
    for draft in drafts.documents.values():
        for name in draft.keeps:
            attribute = attribute_of(draft.kind.spec, name)
            value = None if attribute is None else getattr(manifests.by_address[draft.address].spec, attribute)
            if name not in draft.spec and value is not None:
                draft.spec = in_order(draft.kind, {**draft.spec, name: None})
                found = True
    return found


Problem = tuple[str, tuple[Any, ...], str]
"""The address of a document, the path of a field in its spec, and what is wrong."""


def _size(drafts: Drafts) -> int:
    return sum(1 + len(str(draft.spec)) for draft in drafts.documents.values())


def _errors(trial: Trial, drafts: Drafts) -> list[Problem]:
    """Return the errors of the manifests, each at a document of the import."""
    addresses = {document.origin: address for address, document in trial.documents.items()}
    return [_placed(error, addresses, drafts) for error in trial.errors]


def _placed(error: Finding, addresses: Mapping[Any, str], drafts: Drafts) -> Problem:
    for location in (error.location, error.other):
        address = "" if location is None else addresses.get(location.origin, "")
        if location is not None and address in drafts.documents:
            path = location.path[1:] if location.path[:1] == ("spec",) and location is error.location else ()
            return address, path, error.message.replace("{other}", "another document")
    return "", (), error.message


def _differences(manifests: Manifests, estate: Estate, drafts: Drafts) -> list[Problem]:
    """Return the fields that a plan would change, and the objects that it cannot match."""
    documents = [manifests.by_address[address] for address in drafts.documents]
    matcher = matcher_of(manifests, estate)
    matches = matcher.matches(manifests.documents)
    links = {document.address: matcher.links(document) for document in documents}
    found = [_in_text(text, drafts) for text in matcher.problems]
    found += [(address, (), "; ".join(texts)) for address, texts in matcher.refused.items()]
    live_state = LiveState(matches=matches, links=links, tables=estate.tables)
    part = plan_setup(documents, live_state, terms=_NOTHING_RETIRES)
    found += [_in_text(text, drafts) for text in part.problems]
    for action in part.actions:
        found += _changes(action, manifests.by_address[action.address])
    return [each for each in found if each[0] in drafts.documents]


def _in_text(text: str, drafts: Drafts) -> Problem:
    """Return a problem that begins with an address, and may go on with a field: `Company/acme: status: …`."""
    address = next((each for each in _ADDRESS.findall(text) if each in drafts.documents), "")
    rest = text.removeprefix(f"{address}: ")
    field, separator, what = rest.partition(": ")
    top = re.split(r"[.\[]", field)[0]
    if separator and address and top in drafts.documents[address].spec:
        return address, (top,), what
    return address, (), rest


def _changes(action: Action, document: Document) -> Sequence[Problem]:
    if action.action == "create":
        return [(action.address, (), _UNRECOGNISED)]
    return [(action.address, _path(change, document), _reason(change)) for change in action.changes]


def _path(change: Change, document: Document) -> tuple[str, ...]:
    name, _, entry = change.path.partition(".")
    return (name, entry) if entry and name in document.kind.by_name else (name,)


def _reason(change: Change) -> str:
    return f"it does not lead back to the value in ConnectWise: {change.before!r:.200} became {change.after!r:.200}"
