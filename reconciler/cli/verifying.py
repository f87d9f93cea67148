"""Check that a plan file has no changes but those that the manifests ask for.

The checksum of a plan file detects an accident. Who edits a file on purpose can write a new checksum too. So a pipeline
that takes the file from another job plans again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from reconciler.applying.apply import check_guardrails
from reconciler.cli.session import Session
from reconciler.errors import Refused
from reconciler.ledger.history import last_run_of
from reconciler.planning.approvals import Approved
from reconciler.planning.compare import compare
from reconciler.planning.plan import Plan
from reconciler.rendering.comparison_text import comparison_text

Verify = Callable[[Collection[str]], Awaitable[None]]
"""A check before anything is written. It is called with the addresses of the actions that are done already."""


def verifier(
    session: Session, plan: Plan, make_present: Callable[[], Awaitable[Plan]], approvals: Collection[Approved]
) -> Verify:
    """Return the check that raises `Refused` if the manifests do not ask for an action of a plan file.

    If the last run of the same plan ended early, it was checked then. What it made, it made for other actions too, so
    these may look different in a present plan.
    """

    async def verify(done: Collection[str]) -> None:
        last = last_run_of(session.ledger, plan.workspace, plan.digest)
        if last is not None and not last.complete:
            return
        present = await make_present()
        found = [each for each in compare(plan, present).moved if each.how != "added" and each.address not in done]
        if found:
            lines = (f"  {line}" for line in comparison_text([each.to_json() for each in found]))
            what = "the manifests do not ask for these changes of the plan file:\n" + "\n".join(lines)
            raise Refused(what, advice="Nothing was written. Make a new plan: reconciler plan --out FILE")
        check_guardrails(present, approvals)

    return verify
