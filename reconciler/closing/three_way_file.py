"""Read the lines of invoices from a CSV file that a person exported. ConnectWise's API does not give them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.errors import ReconcilerError
from reconciler.kinds.money import amount_of
from reconciler.manifests.suggestions import listed

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "invoice": ("invoice", "invoicenumber", "invoiceno", "invoicenr"),
    "agreement": ("agreement", "agreementname"),
    "product": ("product", "productid", "productidentifier", "item", "itemid", "sku"),
    "quantity": ("quantity", "qty", "billedquantity"),
    "price": ("price", "unitprice", "rate"),
    "amount": ("amount", "extendedprice", "extprice", "extendedamount", "linetotal", "total"),
    "serial": ("serial", "serialnumber", "tag"),
    "addition": ("addition", "additionid"),
}
"""The names of each column, in lower case and without blanks and signs. The first one is its own."""
_LONG = 40
"""The most characters of a cell that an error shows."""
_SHOWN = 100
"""The most rows that an error names."""
_NUMBER = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})", re.ASCII)
"""At most 15 digits before and after the point: no invoice has more, and a longer text is no figure."""
_ID = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice."""

    where: str
    """Its place, such as `lines.csv:7`."""
    invoice: str
    """The number of the invoice. Empty if the file names agreements instead."""
    agreement: str
    product: str
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal
    serial: str = ""
    addition_id: int | None = None


def parse_lines(text: str, file: str, currency: str | None) -> list[InvoiceLine]:
    """Return the lines of invoices in a CSV text with a header. `file` is its name for messages.

    Raises `ReconcilerError` with every row that cannot be read.
    """
    rows = csv.reader([f"{line}\n" for line in text.removeprefix("\ufeff").split("\n")], strict=True)
    problems: list[str] = []
    found: list[InvoiceLine] = []
    columns: Mapping[str, int] | None = None
    try:
        for cells in rows:
            where = f"{file}:{rows.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns, width = _columns(cells, where), len(cells)
            elif len(cells) != width:
                problems.append(f"{where}: it has {len(cells)} cells, and the header has {width}")
            else:
                values = {name: cells[index].strip() for name, index in columns.items()}
                line = _line(values, where, currency)
                if isinstance(line, str):
                    problems.append(line)
                else:
                    found.append(line)
    except csv.Error as error:
        problems.append(f"{file}:{rows.line_num}: this is not CSV: {error}")
    if columns is None and not problems:
        raise ReconcilerError(f"{file} is empty", where=file, advice="Export the lines of the invoices again.")
    if not found and not problems:
        raise ReconcilerError(f"{file} has no line", where=file, advice="Export the lines of the invoices again.")
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise ReconcilerError(
            "\n  ".join(["the lines of the invoices cannot be read", *problems[:_SHOWN], *more]),
            where=file,
            advice="Correct these rows, or export them again. Nothing was compared.",
        )
    return found


def _columns(header: Sequence[str], where: str) -> Mapping[str, int]:
    """Return the place of each column. Raises `ReconcilerError` if one is missing, or is there twice."""
    if len(header) == 1 and any(sign in header[0] for sign in ";\t"):
        raise ReconcilerError("the columns are not separated by commas", where=where, advice="Export it with commas.")
    found: dict[str, int] = {}
    for index, name in enumerate(header):
        plain = "".join(letter for letter in name.casefold() if letter.isalnum())
        column = next((column for column, names in SYNONYMS.items() if plain in names), None)
        if column is not None and column in found:
            both = f"{header[found[column]].strip()} and {name.strip()}"
            raise ReconcilerError(f"{both} both mean {column}", where=where, advice="Remove or rename one of them.")
        if column is not None:
            found[column] = index
    missing = [each for each in ("product", "quantity") if each not in found]
    missing += ["invoice or agreement"] if not found.keys() & {"invoice", "agreement"} else []
    missing += ["amount or price"] if not found.keys() & {"amount", "price"} else []
    if missing:
        known = listed(each for names in SYNONYMS.values() for each in names[:1])
        raise ReconcilerError(
            f"the header has no column {', '.join(missing)}", where=where, advice=f"The columns are {known}."
        )
    return found


def _line(values: Mapping[str, str], where: str, currency: str | None) -> InvoiceLine | str:
    """Return the line of a row, or what is wrong with it."""
    problems = [*_problems(values)]
    if problems:
        return f"{where}: {'; '.join(problems)}"
    numbers = {name: Decimal(values[name]) if values.get(name) else None for name in ("quantity", "price", "amount")}
    quantity, price, amount = numbers["quantity"], numbers["price"], numbers["amount"]
    if amount is None:
        amount = amount_of(quantity or Decimal(0), price or Decimal(0), currency)
    return InvoiceLine(
        where=where,
        invoice=values.get("invoice", ""),
        agreement=values.get("agreement", ""),
        product=values["product"],
        quantity=quantity,
        price=price,
        amount=amount,
        serial=values.get("serial", ""),
        addition_id=int(values["addition"]) if values.get("addition") else None,
    )


def _problems(values: Mapping[str, str]) -> Iterator[str]:
    if not values.get("invoice") and not values.get("agreement"):
        yield "it names no invoice and no agreement"
    for name in ("quantity", "price", "amount"):
        text = values.get(name, "")
        if text and not _NUMBER.fullmatch(text):
            yield f"{name} is not a number: {_short(text)}; write digits, and a point before decimals"
    if not values.get("amount") and not (values.get("quantity") and values.get("price")):
        yield "it has no amount, and not both quantity and price"
    addition = values.get("addition", "")
    if addition and not _ID.fullmatch(addition):
        yield f"addition is not an id: {_short(addition)}"


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONG else f"{text[:_LONG]}…")
