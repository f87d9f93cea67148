"""Make the files of an import from the estate that was read. The only I/O is reading the existing files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.importing.candidates import Days, candidates
from reconciler.importing.describe import Describer
from reconciler.importing.drafts import Drafts, Render
from reconciler.importing.estate import Estate, LeftOut, ObjectKey
from reconciler.importing.existing import Existing, recognise
from reconciler.importing.factoring import factor_out
from reconciler.importing.kinds_in_files import PRODUCT
from reconciler.importing.layout import ExistingFiles, lay_out
from reconciler.importing.mappings import Mapper
from reconciler.importing.matching.model import Proposal
from reconciler.importing.matching.propose import propose
from reconciler.importing.outcome import Outcome, reopened
from reconciler.importing.reasons import plainly
from reconciler.importing.review import carried_over, review_text
from reconciler.importing.selection import Selected, Selection, select
from reconciler.importing.self_check import settle
from reconciler.importing.usage import Usage
from reconciler.importing.yaml_values import Ref
from reconciler.manifests.documents import Manifests
from reconciler.metering.period import Period
from reconciler.planning.undeclared import LedgerKnows

_NOTHING: Final = LedgerKnows()


@dataclass(frozen=True, slots=True)
class Made:
    """The result of an import, before it is written."""

    texts: Mapping[str, str]
    """The text of each file to write, by its name relative to the manifest folder."""
    review: str
    """The text of `import-review.md`."""
    marks: Mapping[str, bytes]
    """The byte order mark of each existing file that has one."""
    documents: Mapping[str, int]
    """How many documents of each kind are new."""
    outcomes: Sequence[Outcome]
    left_out: Sequence[LeftOut]
    existing: int
    """How many of the objects that were read are declared already."""
    absent: Sequence[str]
    """The addresses of companies and agreements that are declared and not in ConnectWise."""
    unread: Sequence[tuple[str, str]]
    """(usage source, why it could not be read)."""


def make(
    manifests: Manifests,
    estate: Estate,
    usage: Usage,
    selection: Selection,
    folder: str,
    period: Period,
    older_review: str = "",
    *,
    knows: LedgerKnows = _NOTHING,
) -> Made:
    """Return the files that an import writes.

    `folder` is the folder of new files, relative to the manifest folder: empty, or with a slash at its end.
    `older_review` is the text of the review page of the last import. `knows` is what the ledger knows of the objects
    that the documents declare.
    """
    existing = recognise(manifests, estate, knows)
    files = ExistingFiles(manifests.root, existing.files)
    days = Days.of(period)
    proposals = _proposals(estate, existing, usage, days)
    named = {each.company.id for each in proposals if each.company is not None and each.company_confidence != "open"}
    selected = select(estate, selection, named)
    describer = Describer(estate, existing, folder)
    drafts = describer.describe(selected)
    outcomes = Mapper(estate, existing, describer, days, proposals).outcomes(selected.companies)

    def texts(drafts: Drafts) -> dict[str, str]:
        documents = drafts.documents.values()
        shared = factor_out(documents, drafts.left_out, manifests, folder)
        return lay_out(documents, shared, files, folder, render_with(existing, drafts))

    checked = settle(manifests.root, manifests.workspace.name, drafts, estate, texts)
    outcomes = _shown(reopened(outcomes, {each.what: each.reason for each in drafts.left_out}), selected, selection)
    left_out = in_order(drafts.left_out)
    products = {each.id: str(each.raw.get("identifier") or "") for each in estate.of(PRODUCT)}
    carried = carried_over(older_review, manifests)
    review = review_text(outcomes, left_out, usage, products, carried)
    marks = {name: source.bom for name in checked.texts if (source := files.source(name)) is not None and source.bom}
    return Made(
        checked.texts,
        review,
        marks,
        counted(drafts),
        outcomes,
        left_out,
        len(existing.names),
        existing.absent,
        usage.unread,
    )


def _proposals(estate: Estate, existing: Existing, usage: Usage, days: Days) -> list[Proposal]:
    """Return a proposal for each customer, also for those that a mapping names and that matching agrees on.

    So the review page of a second import is the same as that of the first. If matching finds another company than a
    mapping, a person has decided: the company counts as taken, and nothing is proposed for the customer.
    """
    if not usage.customers:
        return []
    given = candidates(estate, existing, usage, days)
    found = propose(replace(given, mapped={}))
    by_customer = {each.customer.key: each for each in found}
    decided = {key: company for key, company in given.mapped.items() if not _agrees(by_customer.get(key), company)}
    return propose(replace(given, mapped=decided)) if decided else found


def _agrees(proposal: Proposal | None, company: int | None) -> bool:
    return proposal is not None and proposal.company is not None and proposal.company.id == company


def _shown(outcomes: Sequence[Outcome], selected: Selected, selection: Selection) -> list[Outcome]:
    """Return the outcomes to show: of a part of the companies, only those that may concern one of them."""
    if not selection.is_part:
        return list(outcomes)
    return [
        each
        for each in outcomes
        if not selected.companies.isdisjoint(
            [
                *(candidate.company.id for candidate in each.proposal.candidates),
                *([each.proposal.company.id] if each.proposal.company is not None else []),
            ]
        )
    ]


def render_with(existing: Existing, drafts: Drafts) -> Render:
    """Return how a reference is written: by the name of its document, or by its id if it has none."""
    names: dict[ObjectKey, str] = {**existing.names, **drafts.names()}

    def render(reference: Ref) -> Any:
        name = None if reference.by_id else names.get((reference.kind, reference.id))
        return {"id": reference.id} if name is None else name

    return render


def counted(drafts: Drafts) -> dict[str, int]:
    """Return how many documents there are of each kind."""
    return dict(sorted(Counter(draft.kind.name for draft in drafts.documents.values()).items()))


def in_order(left_out: Iterable[LeftOut]) -> list[LeftOut]:
    """Return each entry once and in plain words, in the order of their objects and fields."""
    plain = (replace(each, reason=plainly(each.kind, each.reason)) for each in left_out)
    return sorted(dict.fromkeys(plain), key=lambda each: (each.what, each.field or "", each.reason))
