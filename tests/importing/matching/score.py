"""Score the proposals for generated estates against their truth: `python -m tests.importing.matching.score`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from time import perf_counter

from reconciler.importing.matching.model import Proposal
from reconciler.importing.matching.propose import propose
from tests.importing.matching.estates import World, world


@dataclass(frozen=True, slots=True)
class Score:
    """How many proposals are right, wrong and open."""

    right: int
    wrong: tuple[Proposal, ...]
    open: tuple[Proposal, ...]
    """Open proposals of customers that have a company."""

    @property
    def share(self) -> float:
        return 100 * self.right / max(1, self.right + len(self.open))


def score(made: World) -> Score:
    right, wrong, left = 0, [], []
    for proposal in propose(made.estate):
        truth = made.truth.get(proposal.customer.id)
        if proposal.confidence == "open":
            left += [proposal] if truth else []
        elif proposal.company is not None and proposal.company.id == truth:
            right += 1
        else:
            wrong.append(proposal)
    return Score(right, tuple(wrong), tuple(left))


def _say(*parts: object) -> None:
    sys.stdout.write(" ".join(map(str, parts)) + "\n")


def main() -> None:
    """Print the score of each seed: `main` takes the number of seeds, and `-v` for what is open or wrong."""
    details = "-v" in sys.argv
    for clues in (0.0, 0.5):
        for seed in range(1, 1 + int(next((each for each in sys.argv[1:] if each.isdigit()), "5"))):
            made = world(seed, clues=clues)
            began = perf_counter()
            result = score(made)
            taken = perf_counter() - began
            _say(
                f"seed {seed}, clues {clues:.0%}: {result.share:.1f} % proposed, {len(result.wrong)} wrong, "
                f"{len(result.open)} open, {len(made.estate.companies)} companies, {taken:.1f} s"
            )
            names = {company.id: company.name for company in made.estate.companies}
            causes = Counter(damage for each in result.open for damage in made.damages[each.customer.id])
            if details:
                for each in result.wrong:
                    _say(
                        "  WRONG",
                        repr(each.customer.name),
                        "is",
                        names.get(made.truth.get(each.customer.id, 0)),
                        each.evidence,
                    )
                for each in result.open[:60]:
                    _say(
                        "  open",
                        repr(each.customer.name),
                        "is",
                        repr(names[made.truth[each.customer.id]]),
                        each.reasons,
                    )
                _say(causes.most_common(12))


if __name__ == "__main__":
    main()
