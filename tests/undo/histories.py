"""Random histories of an estate: what is applied one after the other, and what happens to the runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from .estates import FIRST, Estate, changed

FAULTS = [
    "forgets:2",
    "drop:1",
    "drop:3",
    "500:40@typeAssociations",
    "500:40@communications",
    "500:40@company/contacts/",
    "500:40@finance/agreements/",
    "500:40@procurement",
]
"""The disturbances of a run. Each hits a part of its requests."""
CUTS = st.integers(0, 6)
"""The connection is lost after so many writes."""


@dataclass(frozen=True, repr=False)
class History:
    """The estates that are applied one after the other, and what happens to the run that is undone."""

    before: Estate
    after: Estate
    later: Estate | None = None
    """The estate that a run between the run and its undo applies."""
    fault: str | None = None
    cut: int | None = None
    undoes_later: bool = False
    """Whether the later run is undone first."""
    undoes_undo: bool = False
    removed: Literal["left", "pruned", "forgotten"] = "left"
    """What the run does with objects whose documents were removed."""
    layout: Literal["flow", "block"] = "flow"
    """How the manifests are written."""

    def __repr__(self) -> str:
        """Return the documents that differ, instead of whole estates."""
        estates = {"before": self.before, "after": self.after, "later": self.later}
        texts = [f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__ if name not in estates]
        last: Estate = FIRST
        for name, estate in estates.items():
            if estate is not None:
                changes = [f"{at}: {estate.get(at)}" for at in last | estate if last.get(at) != estate.get(at)]
                texts.append("\n    ".join([f"{name}:", *changes]))
                last = estate
        return f"History({', '.join(texts)})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Print the same where hypothesis prints an example."""
        printer.text(repr(self))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return a history. Half of them are plain: a run, and its undo."""
    before = draw(st.one_of(st.just(FIRST), st.just(FIRST), changed(FIRST)))
    after = draw(changed(before).filter(lambda made: made != before))
    plain = History(
        before,
        after,
        undoes_undo=draw(st.booleans()),
        removed=draw(st.sampled_from(["left", "pruned", "pruned", "forgotten"])),
        layout=draw(st.sampled_from(["flow", "block"])),
    )
    if draw(st.booleans()):
        return plain
    trouble = draw(st.sampled_from(["none", "fault", "cut"]))
    return History(
        before,
        after,
        draw(st.none() | changed(after)),
        draw(st.sampled_from(FAULTS)) if trouble == "fault" else None,
        draw(CUTS) if trouble == "cut" else None,
        undoes_later=draw(st.booleans()),
        undoes_undo=plain.undoes_undo,
        removed=plain.removed,
        layout=plain.layout,
    )
