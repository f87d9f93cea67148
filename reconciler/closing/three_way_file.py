"""Read the lines of invoices from a CSV file that a person exported. ConnectWise's API does not give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.closing.three_way_csv import SEPARATORS, Row, lines_of, rows_of
from reconciler.closing.three_way_numbers import Notation, is_ambiguous, notation_of
from reconciler.errors import ReconcilerError
from reconciler.kinds.money import amount_of
from reconciler.manifests.suggestions import listed

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "invoice": ("invoice", "invoicenumber", "invoiceno", "invoicenr", "invoicenum"),
    "agreement": ("agreement", "agreementname"),
    "product": ("product", "productid", "productidentifier", "productcode", "item", "itemid", "itemcode", "sku"),
    "quantity": ("quantity", "qty", "billedquantity", "billedqty", "invoicedquantity"),
    "price": ("price", "unitprice", "rate"),
    "amount": (
        "amount",
        "lineamount",
        "extendedprice",
        "extprice",
        "extendedamount",
        "extamount",
        "linetotal",
        "total",
    ),
    "serial": ("serial", "serialnumber", "tag"),
    "addition": ("addition", "additionid"),
}
"""The names of each column, in lower case and without blanks and signs. The first one is its own."""
FIGURES = ("quantity", "price", "amount")
_LONG = 40
"""The most characters of a cell that an error shows."""
_SHOWN = 100
"""The most rows that an error names."""
_TITLES = 20
"""The most rows that may stand above the header, such as the title of a report."""
_ID = re.compile(r"[0-9]{1,15}", re.ASCII)
_TOTAL = re.compile(
    r"(?:(?:grand|invoice|net|sub)?[ -]?totals?|sum|summe|gesamt|gesamtsumme|zwischensumme)"
    r"(?: (?:for|of|invoice|agreement) .{1,60})?:?",
    re.IGNORECASE,
)
"""The label of a row of totals."""


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
    table = _table(text, file)
    rows = [row for row in table.rows if not _is_total(row, table)]
    notation, problems = _notation(rows, table)
    found: list[InvoiceLine] = []
    for row in rows:
        wrong = [*_problems(row, table, notation)]
        problems += wrong
        if not wrong:
            found.append(_line(row, table, notation, currency))
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise ReconcilerError(
            "\n  ".join(["the lines of the invoices cannot be read", *problems[:_SHOWN], *more]),
            where=file,
            advice="Correct these rows, or export them again. Nothing was compared.",
        )
    if not found:
        raise ReconcilerError(f"{file} has no line", where=file, advice="Export the lines of the invoices again.")
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows below the header, and the place of each column."""

    file: str
    columns: Mapping[str, int]
    width: int
    rows: Sequence[Row]

    def cell(self, row: Row, name: str) -> str:
        index = self.columns.get(name)
        return "" if index is None or index >= len(row.cells) else row.cells[index]

    def where(self, row: Row, name: str | None = None) -> str:
        return f"{self.file}:{row.line}" if name is None else f"{self.file}:{row.place(self.columns[name])}"


def _table(text: str, file: str) -> _Table:
    """Return the table in a text: the first row that has the columns is its header, whatever separates its cells."""
    lines = lines_of(text)
    first = lines[0].strip()
    if re.fullmatch(r"sep=.", first):
        lines = ["\n", *lines[1:]]
    separators = first[4] if lines[0] == "\n" and first else SEPARATORS
    error: ReconcilerError | None = None
    best = -1
    for separator in separators:
        try:
            found = _headed([*rows_of(lines, separator, file)], file)
        except ReconcilerError as problem:
            # The message is that of the separator by which the file has the most columns.
            columns = first.count(separator)
            if columns > best:
                error, best = problem, columns
        else:
            return found
    raise error or ReconcilerError(f"{file} is empty", where=file)


def _headed(rows: Sequence[Row], file: str) -> _Table:
    if not rows:
        raise ReconcilerError(f"{file} is empty", where=file, advice="Export the lines of the invoices again.")
    error: ReconcilerError | None = None
    for index, row in enumerate(rows[:_TITLES]):
        try:
            return _Table(file, _columns(row, file), len(row.cells), rows[index + 1 :])
        except ReconcilerError as problem:
            error = error or problem
    raise error or AssertionError


def _columns(header: Row, file: str) -> Mapping[str, int]:
    """Return the place of each column. Raises `ReconcilerError` if one is missing, or is there twice."""
    found: dict[str, int] = {}
    for index, name in enumerate(header.cells):
        plain = "".join(letter for letter in name.casefold() if letter.isalnum())
        column = next((column for column, names in SYNONYMS.items() if plain in names), None)
        if column is not None and column in found:
            raise ReconcilerError(
                f"{header.cells[found[column]]} and {name} both mean {column}",
                where=f"{file}:{header.place(index)}",
                advice="Remove or rename one of them.",
            )
        if column is not None:
            found[column] = index
    missing = [each for each in ("product", "quantity") if each not in found]
    missing += ["invoice or agreement"] if not found.keys() & {"invoice", "agreement"} else []
    missing += ["amount or price"] if not found.keys() & {"amount", "price"} else []
    if missing:
        known = listed(each for names in SYNONYMS.values() for each in names[:1])
        raise ReconcilerError(
            f"the header has no column {', '.join(missing)}",
            where=f"{file}:{header.line}",
            advice=f"The columns are {known}.",
        )
    return found


def _is_total(row: Row, table: _Table) -> bool:
    """Return whether a row has totals: it is named so, and it names no product."""
    product = table.cell(row, "product")
    return any(map(_TOTAL.fullmatch, [product] if product else row.cells))


def _notation(rows: Sequence[Row], table: _Table) -> tuple[Notation, list[str]]:
    """Return how the figures are written, and what is wrong if they are written in two ways."""
    places: dict[str, tuple[Row, str]] = {}
    for row in rows:
        for name in FIGURES:
            places.setdefault(table.cell(row, name), (row, name))
    doubtful = any(row.separator == ";" for row in rows) or any("," in each and is_ambiguous(each) for each in places)
    notation, both = notation_of(places, None if doubtful else ".")
    if both is None:
        return notation, []
    first, second = (f"{each} at {table.where(*places[each])}" for each in both)
    return notation, [f"decimals are written in two ways: {first}, and {second}"]


def _line(row: Row, table: _Table, notation: Notation, currency: str | None) -> InvoiceLine:
    """Return the line of a row that can be read."""
    texts = {name: table.cell(row, name) for name in FIGURES}
    quantity, price, amount = (notation.number(texts[name]) if texts[name] else None for name in FIGURES)
    if amount is None:
        amount = amount_of(quantity or Decimal(0), price or Decimal(0), currency)
    addition = table.cell(row, "addition")
    return InvoiceLine(
        where=table.where(row),
        invoice=table.cell(row, "invoice"),
        agreement=table.cell(row, "agreement"),
        product=table.cell(row, "product"),
        quantity=quantity,
        price=price,
        amount=amount,
        serial=table.cell(row, "serial"),
        addition_id=int(addition) if addition else None,
    )


def _problems(row: Row, table: _Table, notation: Notation) -> Iterator[str]:
    """Yield what is wrong with a row, each with its place."""
    if len(row.cells) != table.width:
        yield f"{table.where(row)}: it has {len(row.cells)} cells, and the header has {table.width}"
        return
    values = {name: table.cell(row, name) for name in SYNONYMS}
    if not values["invoice"] and not values["agreement"]:
        yield f"{table.where(row)}: it names no invoice and no agreement"
    for name in FIGURES:
        text = values[name]
        if not text or notation.number(text) is not None:
            continue
        where = table.where(row, name)
        if is_ambiguous(text):
            decimal, thousands = text.replace(",", "."), text.replace(",", "").replace(".", "")
            yield (
                f"{where}: {name} has two meanings: {text} is {decimal} or {thousands}, and no other figure "
                "shows which; write it without thousands separators, and with two decimals"
            )
        else:
            yield f"{where}: {name} is not a number: {_short(text)}"
    if not values["amount"] and not (values["quantity"] and values["price"]):
        yield f"{table.where(row)}: it has no amount, and not both quantity and price"
    if values["addition"] and not _ID.fullmatch(values["addition"]):
        yield f"{table.where(row, 'addition')}: addition is not an id: {_short(values['addition'])}"


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONG else f"{text[:_LONG]}…")
