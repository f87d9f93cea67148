"""Refuse a plan that is not the approved one, and show what moved, action by action."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import typer

from reconciler.applying.stale import StalePlan
from reconciler.cli.planning import PlanOptions
from reconciler.errors import ReconcilerError, Refused
from reconciler.live.read import Scope
from reconciler.planning.build import Asked
from reconciler.planning.compare import Comparison, compare
from reconciler.planning.plan import Plan
from reconciler.rendering.comparison_text import comparison_text

_PREFIX = "sha256:"
_DIGEST = re.compile("[0-9a-f]{64}")


def options_of(plan: Plan, options: PlanOptions) -> PlanOptions:
    """Return the options with which a plan was made, with the approvals of `options`."""
    scope = Scope(setup=plan.only != "usage", usage=plan.only != "setup")
    return replace(options, scope=scope, prune=plan.prune, targets=plan.targets, changed_since=plan.changed_since)


def digest_from(text: str) -> str:
    """Return a digest of the command line, with or without `sha256:`. Raises `TyperException` for another text."""
    digest = text.strip().lower().removeprefix(_PREFIX)
    if not _DIGEST.fullmatch(digest):
        raise typer.TyperException(f"--expect-digest: {text or 'an empty text'} is no digest of a plan")
    return _PREFIX + digest


def another_file(file: str, plan: Plan, expected: str) -> Refused:
    """Return the refusal of a plan file that does not have the digest that `--expect-digest` names."""
    what = f"the plan file has the digest {plan.digest}, not {expected}"
    return Refused(what, where=file, advice="Nothing was written. Pass the plan file that was approved.")


@asynccontextmanager
async def showing_what_moved(approved: Plan, make_present: Callable[[], Awaitable[Plan]]) -> AsyncIterator[None]:
    """If the block raises `StalePlan`, refuse with what moved from the approved plan to the present one.

    The present plan is made only then. If it cannot be made, the refusal says why.
    """
    try:
        yield
    except StalePlan as stale:
        try:
            present = await make_present()
        except ReconcilerError as error:
            reason = f"{error.where}: {error.what}" if error.where else error.what
            what = f"{stale.what}\nThe present plan cannot be made, so what moved is not shown: {reason}"
            raise StalePlan(what, where=stale.where, advice=stale.advice) from None
        raise moved_plan(stale.what, approved, present) from None


def moved_plan(what: str, approved: Plan, present: Plan) -> Refused:
    """Return the refusal of an approved plan, with what moved from it to the present plan."""
    found = compare(approved, present)
    moved = [each.to_json() for each in found.moved]
    lines = [what, "What moved in the plan:" if moved else "Nothing moved in the plan: its actions are the same."]
    lines += (f"  {line}" for line in comparison_text(moved))
    more = {"moved": moved, "digest": present.digest}
    return StalePlan("\n".join(lines), advice=_advice(found, approved), more=more)


def expected_another(expected: str, present: Plan) -> Refused:
    """Return the refusal of a plan that does not have the digest that `--expect-digest` names."""
    moved = [each.to_json() for each in compare(present.model_copy(update={"actions": ()}), present).moved]
    what = [f"the plan has the digest {present.digest}, not {expected}"]
    what += ["The present plan holds:"] if moved else ["The present plan holds no changes."]
    what += (f"  {line}" for line in comparison_text(moved))
    advice = (
        "Nothing was written. To see only what moved, pass the approved plan file too: "
        f"reconciler apply PLANFILE --expect-digest {expected}"
    )
    if moved:
        advice += f"\n  If the present plan is right, apply it: {apply_command(present)}"
    return Refused("\n".join(what), advice=advice, more={"moved": moved, "digest": present.digest})


def _advice(found: Comparison, approved: Plan) -> str:
    if approved.undo is not None:
        return f"Nothing was written. Make a new plan: reconciler plan --undo {approved.undo.run} --out FILE"
    if found.touches_approved:
        words = ["reconciler", "plan", *_options(approved), "--out", "FILE"]
        return f"Nothing was written. Make a new plan: {shlex.join(words)}"
    command = apply_command(approved, found.digest)
    if not found.moved:
        return f"Nothing was written. The plan still holds what was approved. To apply it: {command}"
    return (
        "Nothing was written. What moved has nothing to do with the actions of the plan, which are the same. "
        f"To apply them together with the new ones above: {command}"
    )


def apply_command(plan: Plan, digest: str = "") -> str:
    """Return the command that applies the present plan with the same options, if it has not moved by then."""
    return shlex.join(["reconciler", "apply", *_options(plan), "--expect-digest", digest or plan.digest])


def _options(plan: Plan) -> list[str]:
    """Return the options with which a plan was made, as words of a command line."""
    asked = Asked(plan.only, plan.prune, plan.targets)
    words = ["--only", asked.only] if asked.only else []
    words += ["--prune"] if asked.prune else []
    for target in asked.targets:
        words += ["--target", target]
    return words + ([] if plan.changed_since is None else ["--changed-since", plan.changed_since])
