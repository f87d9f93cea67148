"""The exit codes: what each means, from `reconciler/exit_codes.py`, and which command can end with which."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

from reconciler import exit_codes
from tools.reference.fields import cell, table

DONE, ERROR, CHANGES = exit_codes.DONE, exit_codes.ERROR, exit_codes.CHANGES
REFUSED, PARTIAL, UNACCOUNTED = exit_codes.REFUSED, exit_codes.PARTIAL, exit_codes.UNACCOUNTED

OTHERS = {
    "plan": {CHANGES, REFUSED, UNACCOUNTED},
    "apply": {REFUSED, PARTIAL, UNACCOUNTED},
    "unlock": {REFUSED},
    "usage pull": {REFUSED, UNACCOUNTED},
    "usage coverage": {REFUSED, UNACCOUNTED},
    "usage close": {REFUSED, UNACCOUNTED},
    "usage reconcile": {UNACCOUNTED},
}
"""The codes with which a command can end, beside 0, 1 and 130, which any command can. `tests/conftest.py` fails a test
in which a command ends with a code that is missing here."""


def codes_of(command: str) -> set[int]:
    """Return the codes with which a command such as `usage pull` can end."""
    return {DONE, ERROR, exit_codes.INTERRUPTED, *OTHERS.get(command, ())}


def exit_codes_of(command: str) -> str:
    """Return these codes for the page."""
    return ", ".join(map(str, sorted(codes_of(command))))


def summary() -> str:
    """Return the table of all codes with their meaning."""
    rows = [(str(getattr(exit_codes, name)), cell(text)) for name, text in _documented().items()]
    return table(sorted(rows, key=lambda row: int(row[0])), ("exit code", "meaning"))


def _documented() -> dict[str, str]:
    """Return the text below each code in the module."""
    body = ast.parse(Path(exit_codes.__file__).read_text(encoding="utf-8")).body
    found = {}
    for line, below in pairwise(body):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(below, ast.Expr):
            name = line.target.id
            if isinstance(getattr(exit_codes, name), int) and isinstance(below.value, ast.Constant):
                found[name] = str(below.value.value)
    return found
