"""`reconciler test`: run the price cases of a repository, offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cases.accept import accepted
from reconciler.cases.against import changes_of, read_before
from reconciler.cases.estate import Estate
from reconciler.cases.finding import folder_of
from reconciler.cases.loading import Loaded, LoadedCase, load_cases
from reconciler.cases.report import case_json, changes_json, report_of
from reconciler.cases.suite import run
from reconciler.cli.annotating import deliver_github
from reconciler.cli.context import Context
from reconciler.cli.failures import failure_of
from reconciler.cli.output import (
    deliver,
    deliver_json,
    paint_of,
    print_lines,
    print_note,
    say,
    terminal_width,
    width,
    write_file,
)
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.loading import load
from reconciler.manifests.suggestions import did_you_mean, near
from reconciler.rendering.cases_diagnostics import diagnostics_of
from reconciler.rendering.cases_text import cases_text
from reconciler.rendering.cases_view import summary_text
from reconciler.rendering.fitting import fitted
from reconciler.rendering.junit import junit
from reconciler.rendering.markdown.cases import TITLE, cases_markdown
from reconciler.rendering.markdown.failure import failure_markdown
from reconciler.rendering.markdown.plan import MAX_BYTES, SMALLEST
from reconciler.rendering.paint import safe, safe_lines


class Format(StrEnum):
    """The formats of `--format`."""

    TEXT = "text"
    GITHUB = "github"
    MARKDOWN = "markdown"


def _path(text: str | Path) -> Path:
    """Return a path. Raises `ReconcilerError` for an empty one, as of a variable that is not set."""
    if not str(text):
        raise ReconcilerError("the path is empty", where="PATH", advice="Name a case file, or leave it out.")
    return Path(text)


def run_cases(  # noqa: PLR0917 - typer makes an option of each
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            parser=_path,
            help="Case files, or folders of them. Without one: the folder tests beside the manifests.",
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--filter", metavar="TEXT", help="Run only the cases with this text in their names.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write what comes out of failed cases into their files, as expected.")
    ] = False,
    changed_since: Annotated[
        str | None,
        typer.Option("--changed-since", metavar="REV", help="Also show which cases change against this Git revision."),
    ] = None,
    to: Annotated[
        Format, typer.Option("--format", help="The format to print: text, annotations of GitHub, or Markdown.")
    ] = Format.TEXT,
    max_bytes: Annotated[
        int,
        typer.Option("--max-bytes", min=SMALLEST, metavar="N", help="The largest size of the Markdown."),
    ] = MAX_BYTES,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write the results into this file as JUnit XML.")
    ] = None,
) -> int:
    """Run the price cases: usage in, lines and money out, offline. Exit 1 if a case fails."""
    context: Context = ctx.obj
    if context.json and to is not Format.TEXT:
        raise typer.TyperException(f"--json and --format {to} cannot be used together")
    manifests = load(context.root, workspace=context.workspace)
    loaded = load_cases(context.root, paths or ())
    chosen = _chosen(loaded, only)
    estate = Estate(manifests)
    results = run(chosen, estate, loaded.report)
    if errors := loaded.errors:
        return _report_errors(ManifestError(errors), context, to)
    changed: list[dict[str, Any]] = []
    if accept and (texts := accepted(results, loaded.sources)):
        changed = [case_json(each, loaded.report) for each in results if not each.passed]
        _write(texts, loaded)
        loaded = load_cases(context.root, paths or ())
        results = run(_chosen(loaded, only), estate, loaded.report)
    files = len({each.file for each in chosen})
    report = report_of(results, loaded.report, files=files, others=loaded.others)
    if accept:
        left = {(each["file"], each["name"]) for each in report["cases"] if not each["passed"]}
        report["accepted"] = [each for each in changed if (each["file"], each["name"]) not in left]
    if changed_since is not None:
        before = read_before(context.root, changed_since, loaded, workspace=context.workspace)
        report["changes"] = changes_json(changes_of(results, before, loaded), loaded.report)
    if junit_file is not None:
        write_file(junit_file, junit(report))
    _deliver(report, context, to, max_bytes)
    if not results:
        return _no_cases(context, paths or ())
    return ERROR if report["summary"]["failed"] else DONE


def _chosen(loaded: Loaded, only: str | None) -> Sequence[LoadedCase]:
    """Return the cases with a text in their names. Raises `ReconcilerError` if no case has it."""
    if only is None:
        return loaded.cases
    if not only:
        raise ReconcilerError("the text is empty", where="--filter", advice="Write a part of the name of a case.")
    found = [each for each in loaded.cases if only.casefold() in each.case.name.casefold()]
    if not found and loaded.cases:
        guess = did_you_mean(near(only, [each.case.name for each in loaded.cases]))
        raise ReconcilerError(f"no case has {only} in its name", where="--filter", advice=guess)
    return found


def _write(texts: Mapping[str, str], loaded: Loaded) -> None:
    for name, text in texts.items():
        write_file(Path(name), loaded.sources[name].bom + text.encode())


def _report_errors(error: ManifestError, context: Context, to: Format) -> int:
    """Print the errors of case files, which are the result of this command."""
    if context.json:
        raise error
    match to:
        case Format.GITHUB:
            deliver_github(each.to_json() for each in error.located)
        case Format.MARKDOWN:
            deliver(failure_markdown(failure_of(error).to_json()["error"], title=TITLE), end="")
        case Format.TEXT:
            print_lines([safe_lines(str(error))])
    return ERROR


def _deliver(report: dict[str, Any], context: Context, to: Format, max_bytes: int) -> None:
    if context.json:
        deliver_json(report)
    elif to is Format.GITHUB:
        say(summary_text(report))
        deliver_github(diagnostics_of(report))
    elif to is Format.MARKDOWN:
        deliver(cases_markdown(report, max_bytes=max_bytes), end="")
    else:
        print_lines(fitted(cases_text(report, paint_of(context), width()), terminal_width()))


def _no_cases(context: Context, paths: Sequence[Path]) -> int:
    """Say where cases belong. A folder or file that the user names must have cases; a repository need not."""
    folder = safe(str(folder_of(context.root)))
    print_note(
        f"there are no price cases. Write them into {folder}/*.yaml; "
        'the docs page "Test your prices" shows how, and `reconciler init` writes examples'
    )
    return ERROR if paths else DONE
