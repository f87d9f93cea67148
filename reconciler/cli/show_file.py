"""Print a plan file, an outcome or an error document in the form that `--format` asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, paint_of, print_lines, read_file, terminal_width
from reconciler.errors import ReconcilerError
from reconciler.planning.approvals import approvals_for
from reconciler.planning.error_document import ErrorDocument
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan
from reconciler.planning.plan_file import plan_json, read_plan, read_result, write_plan
from reconciler.planning.what_if import what_if_json
from reconciler.rendering.drift import drift_of
from reconciler.rendering.failure_text import failure_text
from reconciler.rendering.fitting import fitted
from reconciler.rendering.markdown.failure import failure_markdown
from reconciler.rendering.markdown.outcome import outcome_markdown
from reconciler.rendering.markdown.plan import MAX_BYTES, plan_markdown
from reconciler.rendering.outcome_text import outcome_text
from reconciler.rendering.plan_text import plan_text


class Format(StrEnum):
    """The formats of `--format`."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    APPROVALS = "approvals"


FILE_ONLY = (Format.MARKDOWN, Format.HTML, Format.APPROVALS)
"""The formats that a file has, and an address has not."""


@dataclass(frozen=True, slots=True)
class Form:
    """How to show a file."""

    to: Format
    title: str | None = None
    max_bytes: int = MAX_BYTES
    full: bool = False
    """Whether a large plan or outcome is shown whole on the terminal."""
    drift: bool = False
    """Whether a plan is shown as drift."""


def show_file(context: Context, file: Path, form: Form, what_if: Path | None) -> None:
    """Print a file. With `what_if`, it is a plan of the setup, and that file says what it changes for usage lines.

    Raises `ReconcilerError` if the files are not what the options need.
    """
    content = read_result(read_file(file), where=str(file))
    other = None if what_if is None else read_plan(read_file(what_if), where=str(what_if))
    if not isinstance(content, Plan) and (other is not None or form.to is Format.APPROVALS):
        option = "--format approvals" if other is None else "--what-if"
        raise ReconcilerError(f"it is no plan file, and {option} needs one", where=str(file), advice=_MAKE_A_PLAN)
    if form.drift and (other is not None or not isinstance(content, Plan)):
        raise ReconcilerError("--as drift shows one plan file", where=str(file), advice=_MAKE_A_PLAN)
    match content:
        case Plan():
            _show_plan(context, content, other, form)
        case Outcome():
            _show_outcome(context, content, form)
        case ErrorDocument():
            _show_error(context, content, form)


_MAKE_A_PLAN = "Make a plan file with: reconciler plan --out FILE"


def _show_plan(context: Context, plan: Plan, other: Plan | None, form: Form) -> None:
    what_if = None if other is None else what_if_json(plan, other)
    title = form.title or ("Drift" if form.drift else "Plan")
    match form.to:
        case Format.JSON if form.drift:
            deliver_json(drift_of(plan_json(plan)).to_json())
        case Format.JSON if what_if is None:
            deliver_json(write_plan(plan))
        case Format.JSON:
            content = plan_json(plan)
            deliver_json({"plan": {**content, "actions": list(content["actions"])}, "what_if": what_if})
        case Format.MARKDOWN:
            deliver(_markdown(plan, what_if, title, form), end="")
        case Format.HTML:
            from reconciler.rendering.html.plan import plan_html  # noqa: PLC0415 - jinja2 is slow to import

            deliver(plan_html(plan_json(plan), what_if, title=title, drift=form.drift), end="")
        case Format.APPROVALS:
            found = [each.text for each in approvals_for(plan.guardrails)]
            options = found if what_if is None else what_if["approvals"]["usage"]
            deliver("".join(f"--approve={each}\n" for each in options), end="")
        case Format.TEXT:
            lines = plan_text(plan_json(plan), paint_of(context), what_if, full=form.full, drift=form.drift)
            print_lines(fitted(lines, terminal_width()))


def _markdown(plan: Plan, what_if: dict[str, Any] | None, title: str, form: Form) -> str:
    return plan_markdown(plan_json(plan), what_if, title=title, max_bytes=form.max_bytes, drift=form.drift)


def _show_outcome(context: Context, outcome: Outcome, form: Form) -> None:
    content, title = outcome.model_dump(mode="json"), form.title or "Outcome"
    match form.to:
        case Format.JSON:
            deliver_json(content)
        case Format.MARKDOWN:
            deliver(outcome_markdown(content, title=title, max_bytes=form.max_bytes), end="")
        case Format.HTML:
            from reconciler.rendering.html.outcome import outcome_html  # noqa: PLC0415 - jinja2 is slow to import

            deliver(outcome_html(content, title=title), end="")
        case _:
            lines = outcome_text(content, paint_of(context), full=form.full)
            print_lines(fitted((line for text in lines for line in text.split("\n")), terminal_width()))


def _show_error(context: Context, error: ErrorDocument, form: Form) -> None:
    """Print an error document. Its Markdown begins like that of a plan of the workspace that `--workspace` names."""
    content, title = error.model_dump(mode="json"), form.title or "Plan"
    match form.to:
        case Format.JSON:
            deliver_json({"error": content})
        case Format.MARKDOWN:
            workspace = context.workspace or ""
            deliver(failure_markdown(content, title=title, workspace=workspace, max_bytes=form.max_bytes), end="")
        case Format.HTML:
            from reconciler.rendering.html.failure import failure_html  # noqa: PLC0415 - jinja2 is slow to import

            deliver(failure_html(content, title=title), end="")
        case _:
            print_lines(fitted(failure_text(content, paint_of(context)), terminal_width()))
