"""Make the files of an import from what was read. Pure but for the files that stand, which are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.importing.describe import Describer
from reconciler.importing.drafts import Drafts, Render
from reconciler.importing.estate import Estate, LeftOut, ObjectKey
from reconciler.importing.factoring import factor_out
from reconciler.importing.layout import StandingFiles, lay_out
from reconciler.importing.selection import Selection, select
from reconciler.importing.self_check import settle
from reconciler.importing.standing import Standing, recognise
from reconciler.importing.yaml_values import Ref
from reconciler.manifests.documents import Manifests


@dataclass(frozen=True, slots=True)
class Made:
    """The result of an import, before it is written."""

    texts: Mapping[str, str]
    """The text of each file to write, by its name relative to the manifest folder."""
    documents: Mapping[str, int]
    """How many documents of each kind are new."""
    left_out: Sequence[LeftOut]
    standing: int
    """How many of the objects that were read are declared already."""


def make(manifests: Manifests, estate: Estate, selection: Selection, folder: str) -> Made:
    """Return the files that an import writes.

    `folder` is the folder of new files, relative to the manifest folder: empty, or with a slash at its end.
    """
    standing = recognise(manifests, estate)
    files = StandingFiles(manifests.root, standing.files)
    describer = Describer(estate, standing, folder)
    drafts = describer.describe(select(estate, selection))

    def texts(drafts: Drafts) -> dict[str, str]:
        documents = drafts.documents.values()
        shared = factor_out(documents, drafts.left_out, manifests, folder)
        return lay_out(documents, shared, files, folder, render_with(standing, drafts))

    checked = settle(manifests.root, manifests.workspace.name, drafts, estate, texts)
    return Made(checked.texts, counted(drafts), in_order(drafts.left_out), len(standing.names))


def render_with(standing: Standing, drafts: Drafts) -> Render:
    """Return how a reference is written: by the name of its document, or by its id if it has none."""
    names: dict[ObjectKey, str] = {**standing.names, **drafts.names()}

    def render(reference: Ref) -> Any:
        name = None if reference.by_id else names.get((reference.kind, reference.id))
        return {"id": reference.id} if name is None else name

    return render


def counted(drafts: Drafts) -> dict[str, int]:
    """Return how many documents there are of each kind."""
    return dict(sorted(Counter(draft.kind.name for draft in drafts.documents.values()).items()))


def in_order(left_out: Iterable[LeftOut]) -> list[LeftOut]:
    """Return each entry once, in the order of their objects and fields."""
    return sorted(dict.fromkeys(left_out), key=lambda each: (each.what, each.field or "", each.reason))
