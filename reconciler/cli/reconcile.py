"""`reconciler usage reconcile`: usage, additions and invoices against each other. Nothing is pulled or written."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, width
from reconciler.cli.periods import PeriodOption, period_named
from reconciler.cli.reconciling import check_period
from reconciler.cli.session import open_session
from reconciler.closing.three_way_file import parse_lines
from reconciler.closing.three_way_invoice_lines import file_lines
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, UNACCOUNTED
from reconciler.rendering.three_way_text import three_way_text


def reconcile(
    ctx: typer.Context,
    period: PeriodOption = None,
    invoice_lines: Annotated[
        Path | None,
        typer.Option("--invoice-lines", metavar="FILE", help="Compare the lines of invoices in this CSV file, too."),
    ] = None,
) -> int:
    """Check a month: what was used, what the additions bill, and what was invoiced.

    Names and prices each difference, per agreement and in all. Reads ConnectWise and the ledger, and changes nothing.
    Exit 5 if there is a difference.
    """
    context: Context = ctx.obj
    text = None if invoice_lines is None else _read(invoice_lines)

    async def checked() -> dict[str, Any]:
        async with open_session(context, usage=False) as session:
            month = period_named(period, context.now, session.workspace.billing.timezone)
            currency = session.workspace.billing.currency
            lines = [] if text is None or invoice_lines is None else parse_lines(text, invoice_lines.name, currency)
            return await check_period(session, month, file_lines(lines))

    found = asyncio.run(checked())
    if context.json:
        deliver_json(found)
    else:
        print_lines(three_way_text(found, paint_of(context), width()))
    return UNACCOUNTED if found["findings"] else DONE


_LARGEST = 64 * 2**20
"""The largest file in bytes: about half a million lines."""


def _read(path: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark.

    Raises `ReconcilerError` if it cannot be read, or is no regular file.
    """
    advice = "Give the CSV file that you exported, in UTF-8."
    try:
        if not path.is_file():
            raise ReconcilerError("this is not a file", where=str(path), advice=advice)
        if path.stat().st_size > _LARGEST:
            raise ReconcilerError(f"it is larger than {_LARGEST // 2**20} MiB", where=str(path), advice=advice)
        content = path.read_bytes()
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8")
    except UnicodeDecodeError:
        raise ReconcilerError("it is not UTF-8", where=str(path), advice=advice) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise ReconcilerError(reason, where=str(path), advice=advice) from None
