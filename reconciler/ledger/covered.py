"""Which tables the chain covers. A test fails for a table that is neither covered nor excused here.

A row is covered from the moment at which it is final. Its digest is taken over all its columns that are not null. So a
migration can add a column that is null in old rows, without a change of any digest.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from reconciler.ledger import schema


@dataclass(frozen=True, slots=True)
class Covered:
    """A table whose rows have an entry each. Each row is found by its column `id`."""

    table: sa.Table
    final: sa.ColumnElement[bool] | None = None
    """True for the rows that do not change any more. None: a row has an entry from its insertion. A later change by
    design, such as the approval of a pull, adds another entry for the row, and the last one counts."""
    again: sa.ColumnElement[bool] | None = None
    """True for the rows that were changed once by design, and so have a second entry. A row with more entries was
    recorded anew by someone else."""
    parts: tuple[sa.Table, ...] = ()
    """Tables whose rows belong to a row of `table`, and are covered by its entry. Their column `pull_id` names it."""
    lasting: tuple[sa.Table, ...] = ()
    """Those of the parts that stay when a period is sealed: a value of a column, and a trial, hold until the next
    row."""

    @property
    def deleted(self) -> tuple[sa.Table, ...]:
        """Return the parts whose rows a seal deletes."""
        return tuple(each for each in self.parts if each not in self.lasting)

    @property
    def name(self) -> str:
        """Return the name of the table, which is the subject of its entries."""
        return str(self.table.name)


PULLS = Covered(
    schema.pulls,
    again=schema.pulls.c.approved_at.is_not(None),
    parts=(schema.samples, schema.earlier_samples, schema.device_values, schema.trials),
    lasting=(schema.device_values, schema.trials),
)
RUNS = Covered(schema.runs, again=schema.runs.c.ended_at.is_not(None))
WRITES = Covered(schema.writes, final=schema.writes.c.state.in_(("done", "failed")))
APPROVALS = Covered(schema.approvals)
SEALS = Covered(schema.seals, again=schema.seals.c.emptied_at.is_not(None))
RULE_VERSIONS = Covered(schema.rule_versions)
CLOSES = Covered(schema.closes)
ACCEPTED_AMOUNTS = Covered(schema.accepted_amounts)
LINE_AMOUNTS = Covered(schema.line_amounts)

COVERED = (PULLS, RUNS, WRITES, APPROVALS, SEALS, RULE_VERSIONS, CLOSES, ACCEPTED_AMOUNTS, LINE_AMOUNTS)
"""Each table that the chain covers. To add one, add a line, and call `append` in the transaction that writes a row."""

EXCUSED: dict[sa.Table, str] = {
    schema.chain: "it is the chain",
    schema.customers: "each pull updates the names and states; no quantity follows from them",
    schema.devices: "the entry of a pull covers the ids of its devices; the other columns follow from the samples",
    schema.objects: "it is the sum of `writes`",
    schema.declared: "each apply replaces it by what the manifests declare",
    schema.locks: "a lock lives as long as its run",
    schema.additions: "each run updates it from ConnectWise; what we wrote is in `writes`",
    schema.month_terms: "each apply replaces the terms of the running month by what the manifests declare",
    schema.month_ratings: "it follows from the samples and the terms, and every row can be computed again",
    schema.rated_pulls: "it says which pulls `month_ratings` follow from; without it, every month is rated again",
    schema.hand_edits: "it repeats what ConnectWise answered; ConnectWise has its own audit trail",
    schema.tag_searches: "it holds the time of the last search, to decide when to search again",
    schema.alerts: "an alert lives as long as its cause",
    schema.bills: "each run of a month updates it; what we sent is in `writes`, and the rules are in `rule_versions`",
    schema.good_runs: "it holds the time of the last good run; each run is in `runs`",
}
"""Each table that the chain does not cover, with the reason."""
