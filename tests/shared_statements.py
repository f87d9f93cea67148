"""Let all ledgers of a test session share the SQL that SQLAlchemy compiled.

SQLAlchemy compiles a statement once for each engine. A command uses about 90 statements and an engine of its own, and a
test runs several commands. So compiling took a sixth of the time of the tests over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa


class CompiledStatements(dict[Any, Any]):
    """Compiled statements by driver, statement and columns. SQLAlchemy's own keys hold the engine's dialect instead."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].driver, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].driver, *key[1:]), compiled)


@pytest.fixture(scope="session", autouse=True)
def shared_statements() -> Iterator[None]:
    """Give all engines of the session one cache."""
    make, shared = sa.Engine.__init__, CompiledStatements()

    def init(engine: sa.Engine, *arguments: Any, **options: Any) -> None:
        make(engine, *arguments, **options)
        engine._compiled_cache = shared

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa.Engine, "__init__", init)
        yield
