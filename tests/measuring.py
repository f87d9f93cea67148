"""Measure which lines and branches of the package the tests run, as `make test` asks for with `MEASURE=1`.

Slipcover rewrites the code of a module when it is imported, so that each line and each branch reports its first run
and costs nothing afterwards. Tracing, which coverage.py does on Python 3.11, doubles the time of the tests. Each worker
of pytest-xdist writes a file, and `tests.coverage_floor` adds the files up.
"""

from __future__ import annotations

import ast
import json
import os
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = ROOT / "reconciler"
FOLDER: Final = ROOT / ".cache" / "coverage"
WORKER: Final = os.environ.get("PYTEST_XDIST_WORKER", "")
"""The name of this worker of pytest-xdist, such as `gw0`. Other processes run no tests, and are not measured."""
NEVER_RUN: Final = [r"\.\.\.$", "assert_never"]
"""What a line has that never runs, beside what Slipcover leaves out itself: `pragma: no cover` and `TYPE_CHECKING`."""

_meter: Any = None


def start() -> None:
    """Measure the modules of the package that are imported from now on, if `MEASURE` is set and this is a worker."""
    global _meter  # noqa: PLW0603 - the measure of a process begins before the first import and ends with its session
    if not (WORKER and os.environ.get("MEASURE")):
        return
    from slipcover import Slipcover  # noqa: PLC0415 - only a measured run needs it
    from slipcover.branch import preinstrument  # noqa: PLC0415 - only a measured run needs it

    meter = _meter = Slipcover(immediate=True, branch=True, source=[str(PACKAGE)], exclude_also=NEVER_RUN)
    plain = SourceFileLoader.get_code

    @cache  # Alembic reads its migrations again for each ledger.
    def measured(path: str) -> CodeType:
        tree = preinstrument(ast.parse(Path(path).read_bytes()))
        return meter.instrument(compile(tree, path, "exec"))

    def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
        return measured(self.path) if Path(self.path).is_relative_to(PACKAGE) else plain(self, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]  # each way of importing goes through it


def finish() -> None:
    """Write what was measured in this worker to a file of `FOLDER`."""
    if _meter is not None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{WORKER}.json").write_text(json.dumps(_meter.get_coverage()), encoding="utf-8")
