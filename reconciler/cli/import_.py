"""`reconciler import`: write manifests for what already exists in ConnectWise."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.clock import check_clock
from reconciler.cli.confirm import confirm
from reconciler.cli.context import Context
from reconciler.cli.file_set import write_files
from reconciler.cli.output import deliver_json, print_lines, print_note
from reconciler.cli.progress import ReadingLine, reading_line
from reconciler.cli.pulling import pull_usage
from reconciler.cli.session import Session, ledger_url, open_session
from reconciler.cli.setup_ledger import load_knowledge
from reconciler.cli.unfinished import only_import
from reconciler.errors import ReconcilerError, Refused, in_one_line
from reconciler.exit_codes import DONE
from reconciler.importing.estate import Estate
from reconciler.importing.make import Made, make
from reconciler.importing.outcome import Groups
from reconciler.importing.reading import read_estate
from reconciler.importing.report import proposals_json
from reconciler.importing.review import REVIEW_FILE
from reconciler.importing.selection import Selection
from reconciler.importing.usage import Usage, usage_of
from reconciler.ledger.errors import Unwritable
from reconciler.ledger.read_only import open_copy
from reconciler.metering.period import period_of
from reconciler.metering.sources import registry
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.profile import Profile
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import safe


def import_(
    ctx: typer.Context,
    company: Annotated[
        list[str] | None, typer.Option(metavar="IDENT", help="Only this company. May be repeated.")
    ] = None,
    agreement_type: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only companies with a live agreement of this type. May be repeated."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every company, also those without a live agreement.")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the new files, in the manifest folder.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show what would be written.")] = False,
    confirmed: Annotated[
        list[str] | None,
        typer.Option("--confirm", metavar="ADDRESS|all", help="Confirm this proposed mapping. May be repeated."),
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="More addresses to confirm.")] = None,
) -> int:
    """Write manifests for what ConnectWise has already. Changes nothing in ConnectWise.

    Documents that exist are not changed. A plan of the setup right after the import is empty.
    """
    context: Context = ctx.obj
    if confirmed or more:
        if not confirmed or company or agreement_type or everything or into is not None:
            raise typer.TyperException("--confirm takes addresses, and no other option of `import` but --dry-run")
        return confirm(context, [*confirmed, *(more or ())], dry_run=dry_run)
    selection = Selection(tuple(company or ()), tuple(agreement_type or ()), everything)
    folder = folder_in(context.root, into)
    with nullcontext() if dry_run else only_import(context.root):
        made = asyncio.run(_make(context, selection, folder))
        if not dry_run:
            contents = {name: made.marks.get(name, b"") + text.encode() for name, text in made.texts.items()}
            contents[f"{folder}{REVIEW_FILE}"] = made.review.encode()
            write_files(context.root, {context.root / name: content for name, content in contents.items()})
    if context.json:
        deliver_json(_to_json(made, folder, dry_run=dry_run))
    else:
        print_lines(_lines(made, folder, dry_run=dry_run))
    return DONE


def folder_in(root: Path, into: Path | None) -> str:
    """Return a folder relative to the manifest folder: empty, or with a slash at its end."""
    if into is None:
        return ""
    try:
        inside = into.resolve().relative_to(root.resolve())
    except ValueError:
        advice = "Documents elsewhere would not be read. Name a folder below it, or another manifest folder with -C."
        raise ReconcilerError(f"is not in the manifest folder {root}", where=f"--into {into}", advice=advice) from None
    return "" if inside == Path() else f"{inside.as_posix()}/"


async def _make(context: Context, selection: Selection, folder: str) -> Made:
    async with open_session(context) as session:
        await _check_clock(session)
        estate, usage = await _read(session)
        period = period_of(context.now, session.workspace.billing.timezone)
        older = _older(context.root / folder / REVIEW_FILE)
        knows = load_knowledge(session)
        with _without_collector():
            return make(session.manifests, estate, usage, selection, folder, period, older, knows=knows)


async def _check_clock(session: Session) -> None:
    """Keep what is read out of the ledger if the clock is wrong. Its times would hold up every later run."""
    try:
        await check_clock(session)
    except Refused as wrong:
        print_note(f"clock: {wrong.what}")
        print_note(
            "the usage that this import reads is not saved, and what bills now is judged by the clock of this machine. "
            "Correct it, or give the time of a sandbox with --now TIME, and import again"
        )
        url = ledger_url(session.context, session.manifests)
        why = Unwritable(wrong.what, where="clock", advice=wrong.advice)
        session.ledger.switch_to(open_copy(url, why, now=session.context.now, on_notice=lambda _: None))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector. It would take half of the time and free nothing, because all values are kept."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _older(path: Path) -> str:
    """Return the review page of the last import. Empty if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ReconcilerError(what, where=str(path), advice="Remove it, and import again.") from None


async def _read(session: Session) -> tuple[Estate, Usage]:
    """Read ConnectWise and the usage sources at the same time. The pulls are recorded in the ledger as usual."""
    async with reading_line(lambda: session.client.requests.total) as line:
        try:
            async with asyncio.TaskGroup() as group:
                estate = group.create_task(read_estate(session.client, session.manifests))
                usage = group.create_task(_read_usage(session, line))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
    return estate.result(), usage.result()


async def _read_usage(session: Session, line: ReadingLine) -> Usage:
    pulls = [each.pull for each in await pull_usage(session, line=line)]
    units = {source.name: source.unit for source in session.workspace.usage}
    return usage_of(pulls, units, await _profiles(session, {each.source for each in pulls if each.state != "failed"}))


async def _profiles(session: Session, readable: set[str]) -> dict[str, dict[str, Profile]]:
    """Return the contact details that the sources have of their customers, by source and customer.

    If they cannot be read, customers are matched without them."""
    found: dict[str, dict[str, Profile]] = {}
    for source in session.workspace.usage:
        settings = registry.settings_of(source, session.secret, session.manifests.root)
        if source.name in readable:
            try:
                found[source.name] = await registry.profiles(settings)
            except SourceError as error:
                print_note(f"{source.name}: the contact details of its customers cannot be read: {error.what}")
    return found


def _to_json(made: Made, folder: str, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "files": sorted(made.texts),
        "review": f"{folder}{REVIEW_FILE}",
        "documents": dict(made.documents),
        "proposals": proposals_json(made.outcomes),
        "left_out": [each.to_json() for each in made.left_out],
        "not_in_connectwise": list(made.absent),
        "unread": [{"source": source, "error": in_one_line(error)} for source, error in made.unread],
    }


def _lines(made: Made, folder: str, *, dry_run: bool) -> Iterator[str]:
    total = numbered(sum(made.documents.values()), "document")
    verb = "would be written" if dry_run else "written"
    files = numbered(len(made.texts), "file")
    if made.texts:
        yield f"{total} {verb} into {files}; {numbered(made.existing, 'object')} declared already"
    else:
        yield f"Nothing new; {numbered(made.existing, 'object')} declared already"
    yield from (f"  {kind}: {count}" for kind, count in made.documents.items())
    if dry_run:
        yield from (f"  {safe(name)}" for name in sorted(made.texts))
    yield from _left_out(made)
    if made.absent:
        yield ""
        yield f"{len(made.absent)} declared and not in ConnectWise, so a plan would create them:"
        yield from (f"  {safe(address)}" for address in made.absent)
    yield from _proposals(made, folder, dry_run=dry_run)


def _proposals(made: Made, folder: str, *, dry_run: bool) -> Iterator[str]:
    """Yield which sources could not be read, how many customers are mapped, and what a person does next."""
    for source, error in made.unread:
        yield ""
        yield f"The usage source {safe(source)} could not be read, so nothing is proposed for its customers:"
        yield f"  {safe(in_one_line(error))}"
        yield "  Import again when it can be read: that adds the mappings."
    if not made.outcomes:
        return
    groups = Groups.of(made.outcomes)
    review = f"{safe(folder)}{REVIEW_FILE}"
    yield ""
    yield f"Customers: {groups.summary()}"
    if dry_run:
        yield f"Nothing was written. Without --dry-run, {review} has the evidence for each customer."
        return
    if groups.proposed:
        yield f"Read {review}, then confirm what is right with: reconciler import --confirm ADDRESS"
    if groups.missing or groups.open:
        others = "for the others" if groups.mapped or groups.proposed else "for each customer"
        yield f"{review} says {others} what to write."


def _left_out(made: Made) -> Sequence[str]:
    if not made.left_out:
        return []
    rows = [f"  {each.what}{f' {each.field}' if each.field else ''}: {each.reason}" for each in made.left_out]
    return ["", f"{len(rows)} left out:", *map(safe, rows)]
