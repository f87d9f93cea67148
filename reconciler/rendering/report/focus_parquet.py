"""The FOCUS format as Parquet, by pyarrow: exact decimals, and times in UTC."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.report.focus import COLUMNS, DECIMALS, VERSION, Row

_DIGITS = 38
"""The most digits of a decimal of 128 bits."""


def focus_parquet(rows: list[Row]) -> bytes:
    """Return the rows as a Parquet file."""
    import pyarrow as pa  # noqa: PLC0415 - the extra [parquet], which takes long to import
    from pyarrow import parquet  # noqa: PLC0415 - the extra [parquet]

    types: dict[str, Any] = {
        "text": pa.string(),
        "decimal": pa.decimal128(_DIGITS, DECIMALS),
        "time": pa.timestamp("us", tz="UTC"),
    }
    fields = [pa.field(column.name, types[column.type], nullable=column.nullable) for column in COLUMNS]
    schema = pa.schema(fields, metadata={"FOCUSVersion": VERSION})
    target = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), target)
    content: bytes = target.getvalue().to_pybytes()
    return content
