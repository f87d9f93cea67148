"""The SQL and the commands of docs/how-to/ledger.md work, in the order of the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.blocks import commands, missing
from tests.cli.test_databases import move, with_ledger
from tests.postgresql import Server
from tests.shop import ALDER, Shop
from tests.test_doc_commands import run_shown

PATH = Path(__file__).parents[1] / "docs" / "how-to" / "ledger.md"
PAGE = PATH.read_text(encoding="utf-8")
ROLES, RIGHTS, THIRD_ROLE, ADD_ONLY = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
DUMP, RESTORE = re.findall(r"^pg_.*$", PAGE, re.MULTILINE)


def statements(block: str) -> list[str]:
    return [each.strip() for each in block.split(";") if each.strip()]


@pytest.fixture
def database(postgresql: Server) -> Iterator[Server]:
    """Yield a server with the database and the roles of the page, which it then no longer has."""
    postgresql.execute(*statements(ROLES))
    postgresql.execute(*statements(RIGHTS), database="ledger")
    yield postgresql
    postgresql.execute("DROP DATABASE ledger WITH (FORCE)", "DROP DATABASE IF EXISTS restored WITH (FORCE)")
    for role in ("reconciler_apply", "reconciler_plan", "reconciler"):
        postgresql.execute(f"DROP ROLE IF EXISTS {role}")


def test_one_role_applies_and_the_other_one_only_plans(shop: Shop, database: Server) -> None:
    with_ledger(shop, database.url("ledger", "reconciler"))
    assert shop("unlock").code == 0
    shop.apply()
    shop.advance(1)
    shop.uses(ALDER, "130")

    move(shop, database.url("ledger", "reconciler_plan"))
    said = shop("plan", "--detailed-exitcode")
    assert said.code == 2, said.err
    assert "what this run reads is not saved" in said.err
    assert shop("history", "--run", "1").code == 0
    refused = shop("apply", "--auto-approve")
    assert refused.code == 1
    assert "this role has no permission to write the ledger" in refused.err

    move(shop, database.url("ledger", "reconciler"))
    shop.apply("--only", "usage")


def test_a_plan_before_the_first_apply_needs_no_tables(shop: Shop, database: Server) -> None:
    with_ledger(shop, database.url("ledger", "reconciler_plan"))
    assert shop("plan", "--detailed-exitcode").code == 2


def test_a_third_role_applies_and_cannot_change_the_tables(shop: Shop, database: Server) -> None:
    database.execute(*statements(THIRD_ROLE), database="ledger")
    with_ledger(shop, database.url("ledger", "reconciler_apply"))
    refused = shop("apply", "--auto-approve")
    assert refused.code == 1
    assert "run once as their owner" in refused.err

    move(shop, database.url("ledger", "reconciler"))
    assert shop("unlock").code == 0
    database.execute(*statements(ADD_ONLY), database="ledger")

    move(shop, database.url("ledger", "reconciler_apply"))
    shop.apply()
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), applying(database) as connection:
        connection.exec_driver_sql("DELETE FROM chain")
    shop.advance(1)
    shop.uses(ALDER, "130")
    shop.apply("--only", "usage")
    assert shop("plan", "--detailed-exitcode").code == 0
    move(shop, database.url("ledger", "reconciler_plan"))
    assert shop("plan", "--detailed-exitcode").code == 0
    assert shop("ledger", "check").code == 0


@contextmanager
def applying(database: Server) -> Iterator[sa.Connection]:
    """Yield a connection of the role that applies."""
    engine = sa.create_engine(database.url("ledger", "reconciler_apply"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def test_the_commands_of_the_page_check_export_and_copy_a_ledger_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.only(ALDER)
    shop.apply()
    monkeypatch.chdir(shop.folder.parent)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for each in (each for each in commands(PATH) if each.command.startswith("reconciler ")):
        code, printed = run_shown(each.command, capsys)
        assert code == each.code, f"{each.command}\n{printed}"
        assert missing(each.output, printed) is None, f"{each.command}\n{printed}"
    assert Path("ledger-parquet", "samples.parquet").is_file()
    move(shop, f"sqlite:///{Path('ledger-backup.sqlite').absolute()}")
    shop.edit("workspace.yaml", "  billing:", "  ledger: {env: LEDGER_URL}\n  billing:")
    assert shop("ledger", "check").code == 0


def test_a_backup_is_restored_with_its_history(shop: Shop, database: Server) -> None:
    with_ledger(shop, database.url("ledger", "reconciler"))
    shop.apply()
    history = shop("--json", "history", "--run", "1").json
    database.execute("CREATE DATABASE restored OWNER reconciler")

    for line, name in ((DUMP, "ledger"), (RESTORE, "restored")):
        url = database.url(name, "reconciler").replace("+psycopg", "")
        environ = {"PATH": f"{database.programs}:/usr/bin:/bin", "LEDGER_URL": url}
        subprocess.run(line, shell=True, check=True, capture_output=True, cwd=shop.folder.parent, env=environ)

    move(shop, database.url("restored", "reconciler"))
    assert shop("--json", "history", "--run", "1").json == history
    assert shop("plan", "--detailed-exitcode").code == 0
    shop.apply("--only", "usage")
