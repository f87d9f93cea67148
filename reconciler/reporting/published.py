"""Makes the JSON schema of the report of a period, which other programs read."""

from __future__ import annotations

from typing import Any

from reconciler.planning.published import schema_of
from reconciler.reporting.report import Report

NAME = "report"


def schema() -> dict[str, Any]:
    """Return the schema of a report."""
    return schema_of(Report, "Report", "What `reconciler usage report --format json` prints: the usage of a month.")
