"""Describe the evidence for a candidate in short sentences."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.importing.matching.compare import TOO_FAR, NameMatch
from reconciler.importing.matching.judge import Judged
from reconciler.importing.matching.model import Candidate

_RELATIONS = {
    "spelling": "spelled otherwise",
    "short": "an abbreviation or another form",
    "typing": "a typing error apart",
    "joined": "the same without blanks",
    "initials": "initials",
}


def candidate_of(judged: Judged, more: tuple[str, ...] = ()) -> Candidate:
    """Return a candidate as people read it, with `more` evidence before its own."""
    score = round(100 * (1 - max(0.0, judged.distance) / TOO_FAR))
    inactive = () if judged.company.active else ("the company is inactive or deleted",)
    return Candidate(judged.company, max(0, min(100, score)), (*more, *evidence_of(judged), *inactive))


def evidence_of(judged: Judged) -> tuple[str, ...]:
    """Return the evidence for and against a company: its name first, then the clues by weight."""
    clues = sorted(judged.clues, key=lambda clue: -clue.weight)
    against = tuple(f"against: {clue.text}" for clue in clues if clue.weight < 0)
    name = judged.note or "; ".join(_of_name(judged.name))
    return (name, *(clue.text for clue in clues if clue.weight >= 0), *against)


def _of_name(match: NameMatch) -> Iterator[str]:
    left, right = match.left.text, match.right.text
    if match.cost >= TOO_FAR:
        yield f"name: {left!r} and {right!r} have nothing in common"
        return
    related = [each for each in match.pairs if each.kind != "same"]
    if match.is_same and not related:
        yield f"name: {left!r} and {right!r} are the same" + _apart_from(match)
        return
    yield f"name: {left!r} and {right!r}" + (" are the same" if match.is_same else " are similar")
    for each in related:
        yield f"{each.left!r} and {each.right!r} are {_RELATIONS[each.kind]}"
    if match.only_left:
        yield f"only the customer has {', '.join(map(repr, match.only_left))}"
    if match.only_right:
        yield f"only the company has {', '.join(map(repr, match.only_right))}"
    if match.forms_differ:
        yield "the legal forms differ"


def _apart_from(match: NameMatch) -> str:
    if match.left.text == match.right.text:
        return ""
    if match.forms_differ:
        return " apart from their legal forms, which differ"
    forms = match.left.forms != match.right.forms
    return (
        " after " + ("legal forms and " if forms else "") + "case, blanks, accents, punctuation and order are set aside"
    )
