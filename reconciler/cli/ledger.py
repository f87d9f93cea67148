"""`reconciler ledger`: check that the ledger is whole, write it out, and copy it while it is in use."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.commands import GROUPS
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, print_note, say
from reconciler.cli.session import ledger_url
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, ERROR
from reconciler.ledger.backup import backup as copy_ledger
from reconciler.ledger.chain import EMPTY, Head
from reconciler.ledger.driver_errors import location_of
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.export import export_ledger
from reconciler.ledger.files import path_of
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.read_only import open_whole
from reconciler.ledger.retention import Seal, all_seals
from reconciler.ledger.store import Ledger, parse_url
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load_valid
from reconciler.rendering.ledger_text import check_text

app = typer.Typer(no_args_is_help=True, add_completion=False, help=GROUPS["ledger"][1])


class Format(Enum):
    """The format of the files of an export."""

    CSV = "csv"
    PARQUET = "parquet"


@app.command()
def check(
    ctx: typer.Context,
    expect: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:DIGEST", help="An earlier end of the chain, which the chain must still have."),
    ] = None,
) -> int:
    """Check that the ledger is whole, and that nobody changed what was recorded.

    Checks the database itself, the references between its tables, and the chain of digests. Names the first row that
    was changed, added or removed. Exit 1 if something is wrong. Reads the whole ledger, and nothing else.
    """
    context: Context = ctx.obj
    expected = None if expect is None else _head_from(expect)
    manifests = load_valid(context.root, workspace=context.workspace)
    with _open(context, manifests) as ledger:
        found = check_ledger(ledger, expected)
        where = location_of(parse_url(ledger_url(context, manifests)))
        result: dict[str, Any] = {
            "ledger": where,
            "whole": not found.problems,
            "problems": [
                {"table": each.table, "row": each.row, "what": each.what, "rows": each.rows} for each in found.problems
            ],
            "entries": found.entries,
            "head": None if found.head == EMPTY else str(found.head),
            "not_covered": found.not_covered,
            "not_final": found.not_final,
            "seals": [_seal_json(each) for each in (all_seals(ledger) if not found.problems else ())],
        }
    if context.json:
        deliver_json(result)
    else:
        print_lines(check_text(result, paint_of(context)))
    return DONE if result["whole"] else ERROR


@app.command()
def export(
    ctx: typer.Context,
    *,
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The folder for the files. Made if needed.")],
    format_: Annotated[Format, typer.Option("--format", help="The format of the files.")] = Format.CSV,
) -> None:
    """Write every table of the ledger into a file of its own.

    Times are in UTC, and decimals are text with all their digits. Only the owner of the files can read them.
    """
    context: Context = ctx.obj
    manifests = load_valid(context.root, workspace=context.workspace)
    with _open(context, manifests) as ledger:
        contents = export_ledger(ledger, into, format_.value, lambda name, rows: say(f"{name}: {rows:,} rows"))
    if context.json:
        deliver_json({"folder": str(into), "format": format_.value, **contents})
    else:
        rows = contents["rows"]
        print_lines([f"Wrote {len(rows)} tables with {sum(rows.values()):,} rows into {into}."])


@app.command()
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file.")],
) -> None:
    """Copy a ledger in SQLite to a file, also while runs use it.

    The copy is one consistent state. Only its owner can read it. For PostgreSQL, use pg_dump.
    """
    context: Context = ctx.obj
    manifests = load_valid(context.root, workspace=context.workspace)
    size = copy_ledger(ledger_url(context, manifests), file)
    if context.json:
        deliver_json({"file": str(file), "bytes": size})
    else:
        print_lines([f"Copied the ledger to {file} ({size:,} bytes)."])


def _open(context: Context, manifests: Manifests) -> Ledger:
    """Open the ledger with all its rows. Raises `LedgerError` if there is none yet."""
    url = ledger_url(context, manifests)
    file = path_of(parse_url(url))
    if file is not None and not file.exists():
        raise LedgerError("there is no ledger yet", where=str(file), advice="The first `apply` makes it.")
    return open_whole(url, now=context.now, on_notice=print_note)


def _head_from(text: str) -> Head:
    """Return the end of a chain from `NUMBER:DIGEST`."""
    number, _, digest = text.strip().partition(":")
    try:
        head = Head(int(number), bytes.fromhex(digest))
    except ValueError:
        head = EMPTY
    if head.number < 1 or len(head.digest) != len(EMPTY.digest):
        raise ReconcilerError(
            "this is no end of a chain",
            where="--expect",
            advice="Write the number and the digest that `reconciler ledger check` printed, with a colon between them.",
        )
    return head


def _seal_json(seal: Seal) -> dict[str, Any]:
    return {
        "period": seal.period,
        "sources": list(seal.sources),
        "samples_before": seal.samples_before.isoformat(),
        "keep_months": seal.keep_months,
        "pulls": seal.pulls,
        "samples": seal.samples,
        "sealed_at": seal.sealed_at.isoformat(),
        "emptied_at": None if seal.emptied_at is None else seal.emptied_at.isoformat(),
    }
