"""A ledger on a server that cannot be used says what is wrong, where, and what to do, and shows no password."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from reconciler.ledger.errors import LedgerError
from reconciler.ledger.journal import begin_run
from reconciler.ledger.server_errors import explain
from reconciler.ledger.store import Ledger, create_engine, parse_url
from tests.postgresql import PASSWORD, Server

from .conftest import NOON

WRONG = "s3cret@#/%"


def error_of(url: str) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url, now=NOON).close()
    assert caught.value.exit_code == 1
    assert PASSWORD not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("make", "what", "advice"),
    [
        (
            lambda server: server.tcp_url("postgres", password=quote(WRONG, safe="")),
            "the database server refused the password of the role billing",
            "Correct role and password",
        ),
        (
            lambda server: server.tcp_url("postgres").replace(f":{PASSWORD}", ""),
            "the database server asks for a password, and the ledger's URL has none",
            "postgresql://ROLE:PASSWORD@HOST/DATABASE",
        ),
        (
            lambda server: server.url("postgres", "stranger"),
            "the database server has no role stranger",
            "CREATE ROLE stranger LOGIN",
        ),
        (
            lambda server: server.tcp_url("missing"),
            "the database server has no database missing",
            "create it: CREATE DATABASE missing",
        ),
        (
            lambda server: server.tcp_url("postgres").replace("127.0.0.1", "db.invalid"),
            "the database server db.invalid cannot be found",
            "Correct the host",
        ),
        (
            lambda server: server.tcp_url("postgres").replace(f":{server.port}", ":1"),
            "no database server answers there",
            "correct host and port",
        ),
        (
            lambda server: f"postgresql://billing:s3cret@/ledger?host={server.folder}/none",
            "no database server answers there",
            "Start the server",
        ),
        (
            lambda server: server.tcp_url("postgres", "tls", options="?sslmode=disable"),
            "the database server does not let this role in without TLS",
            "Add ?sslmode=require",
        ),
        (
            lambda server: server.tcp_url("postgres", "reader"),
            "the database server does not let this role in from this machine",
            "pg_hba.conf",
        ),
        (
            lambda server: server.tcp_url(
                "postgres", options=f"?sslmode=verify-full&sslrootcert={server.folder}/data/server.crt"
            ),
            "the certificate of the database server is for localhost, and not for the host in the URL",
            "Write the host of the certificate",
        ),
        (
            lambda server: server.tcp_url("postgres", options="?sslmode=verify-full&sslrootcert=system"),
            "the certificate of the database server cannot be checked",
            "sslrootcert=FILE",
        ),
        (
            lambda server: server.tcp_url("postgres", options="?sslmode=yes"),
            "the ledger's URL has an option that PostgreSQL does not know: sslmode",
            "what follows the question mark",
        ),
        (
            lambda server: server.tcp_url("postgres", options="?passwrd=s3cret"),
            "the ledger's URL has an option that PostgreSQL does not know: passwrd",
            "what follows the question mark",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_url_that_does_not_work_says_why(
    postgresql: Server, make: Callable[[Server], str], what: str, advice: str
) -> None:
    error = error_of(make(postgresql))
    assert what in error.what
    assert advice in error.advice
    assert error.where.startswith("postgresql")


def test_a_role_that_may_not_connect_is_told_the_grant(postgresql: Server, empty_postgresql_url: str) -> None:
    name = str(sa.make_url(empty_postgresql_url).database)
    postgresql.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    error = error_of(postgresql.tcp_url(name))
    assert error.what == f"this role may not connect to the database {name}"
    assert f"GRANT CONNECT ON DATABASE {name} TO ROLE" in error.advice


def test_a_role_that_may_not_create_tables_is_told_so(postgresql: Server, empty_postgresql_url: str) -> None:
    error = error_of(postgresql.tcp_url(str(sa.make_url(empty_postgresql_url).database)))
    assert error.what == "this role has no permission to write the ledger"
    assert "run once as their owner" in error.advice


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_each_common_form_of_a_url_works(postgresql: Server, scheme: str) -> None:
    url = postgresql.tcp_url("postgres", options="?sslmode=require").replace("postgresql", scheme, 1)
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        shown = connection.exec_driver_sql("SELECT current_setting('application_name')").scalar()
    engine.dispose()
    assert shown == "reconciler"


def test_a_url_may_set_the_options_of_the_connection(postgresql: Server) -> None:
    engine = create_engine(
        parse_url(postgresql.tcp_url("postgres", options="?application_name=billing&sslmode=prefer"))
    )
    with engine.connect() as connection:
        shown = connection.exec_driver_sql("SELECT current_setting('application_name')").scalar()
    engine.dispose()
    assert shown == "billing"


# ── a server that stops ──────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_restarts_between_two_transactions_is_used_again(postgresql: Server, postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, now=NOON) as ledger:
        first = begin_run(ledger, "main", "digest", NOON)
        postgresql.restart()
        assert begin_run(ledger, "main", "digest", NOON) == first + 1


@pytest.mark.parametrize("statements", [["SELECT 1"], []], ids=["at a statement", "at the commit"])
def test_a_server_that_stops_within_a_transaction_is_an_error(
    postgresql: Server, postgresql_url: str, statements: list[str]
) -> None:
    def stopped(ledger: Ledger) -> None:
        with ledger.write() as connection:
            connection.execute(sa.text("SELECT 1"))
            postgresql.restart()
            for each in statements:
                connection.execute(sa.text(each))

    with Ledger.open(postgresql_url, now=NOON) as ledger:
        with pytest.raises(LedgerError) as caught:
            stopped(ledger)
        assert caught.value.what == "the database server ended the connection"
        assert "Run again when it answers; completed changes are not repeated." in caught.value.advice
        begin_run(ledger, "main", "digest", NOON)


# ── texts that no server here gives ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("connection timeout expired", "the database server does not answer"),
        (
            'connection to server at "10.0.0.1", port 5432 failed: server does not support SSL, but SSL was required',
            "the ledger's URL requires TLS, and the database server does not offer it",
        ),
        (
            "ERROR: connection is insecure (try using `sslmode=require`)",
            "the database server does not let this role in without TLS",
        ),
        ("FATAL: sorry, too many clients already", "the database server has no free connection"),
        ("FATAL: the database system is starting up", "the database server ended the connection"),
        (
            "consuming input failed: server closed the connection unexpectedly",
            "the database server ended the connection",
        ),
        (
            'could not translate host name "db.example" to address: Name or service not known',
            "the database server db.example cannot be found",
        ),
    ],
)
def test_other_errors_of_a_connection_are_explained(text: str, what: str) -> None:
    found = explain(text)
    assert found is not None
    assert found[0] == what


def test_any_other_text_is_shown_as_it_is(postgresql: Server) -> None:
    """Such as a text in another language."""
    error = error_of(postgresql.tcp_url("postgres", options="?sslmode=verify-ca&sslrootcert=system"))
    assert error.what.startswith("the ledger cannot be used: ")
    assert 'weak sslmode "verify-ca" may not be used with sslrootcert=system' in error.what
    assert explain("FATAL: Passwort-Authentifizierung für Benutzer »bob« fehlgeschlagen") is None
