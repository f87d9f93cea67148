"""What the messages of PostgreSQL mean for the user, and what to do.

PostgreSQL gives an error of a connection no code of its own, so the text tells which one it is. A server that speaks
another language gives a text that is not found here; it is then shown as it is.
"""

from __future__ import annotations

import re

_NAME = r"[\"']?([^\"'\s]+)[\"']?"
_URL = "the ledger's URL"

_ERRORS: list[tuple[str, str, str]] = [
    (
        rf"password authentication failed for user {_NAME}",
        "the database server refused the password of the role {0}",
        f"Correct role and password in {_URL}. In a password, write @ as %40, / as %2F, # as %23 and % as %25.",
    ),
    (
        "no password supplied",
        f"the database server asks for a password, and {_URL} has none",
        "Write it in the URL: postgresql://ROLE:PASSWORD@HOST/DATABASE",
    ),
    (
        rf"role {_NAME} does not exist",
        "the database server has no role {0}",
        f"Correct the role in {_URL}, or create it: CREATE ROLE {{0}} LOGIN PASSWORD '…'",
    ),
    (
        rf"database {_NAME} does not exist",
        "the database server has no database {0}",
        f"Correct the database in {_URL}, or create it: CREATE DATABASE {{0}}. The first apply creates the tables.",
    ),
    (
        rf"(?:failed to resolve host|could not translate host name) {_NAME}",
        "the database server {0} cannot be found",
        f"Correct the host in {_URL}, or check the name service of this machine.",
    ),
    (
        "connection refused|no such file or directory",
        "no database server answers there",
        f"Start the server, or correct host and port in {_URL}.",
    ),
    (
        "timeout expired",
        "the database server does not answer",
        f"Correct host and port in {_URL}, or let this machine through the firewall.",
    ),
    (
        "server does not support ssl",
        f"{_URL} requires TLS, and the database server does not offer it",
        "Turn TLS on at the server. For a server on this machine, write sslmode=disable in the URL.",
    ),
    (
        r"sslmode=require|^(?!.*ssl encryption).*no encryption",
        "the database server does not let this role in without TLS",
        f"Add ?sslmode=require to {_URL}. If that fails too, allow this machine at the server: in pg_hba.conf, or in "
        "the list of allowed addresses.",
    ),
    (
        "pg_hba.conf",
        "the database server does not let this role in from this machine",
        "Allow it at the server: in pg_hba.conf, or in the list of allowed addresses.",
    ),
    (
        rf"server certificate for {_NAME}",
        "the certificate of the database server is for {0}, and not for the host in the URL",
        f"Write the host of the certificate in {_URL}.",
    ),
    (
        "certificate verify failed|root certificate file",
        "the certificate of the database server cannot be checked",
        f"Name the certificate of its authority in {_URL}: sslrootcert=FILE, or sslrootcert=system for a public one.",
    ),
    (
        rf"invalid connection option {_NAME}|invalid (\w+) value",
        f"{_URL} has an option that PostgreSQL does not know: {{0}}",
        "Correct what follows the question mark in the URL.",
    ),
    (
        rf"permission denied for database {_NAME}",
        "this role may not connect to the database {0}",
        "Let its owner run: GRANT CONNECT ON DATABASE {0} TO ROLE",
    ),
    (
        "too many clients|too many connections|remaining connection slots",
        "the database server has no free connection",
        "Wait until other programs have disconnected, then run again.",
    ),
    (
        "starting up|shutting down|terminating connection|closed the connection|connection has been closed|"
        "the connection is closed|connection is lost|connection reset|could not receive data|could not send data",
        "the database server ended the connection",
        "It may be stopping or starting. Run again when it answers; completed changes are not repeated.",
    ),
]


def explain(text: str) -> tuple[str, str] | None:
    """Return what an error of PostgreSQL means and what to do. None for a text that is not known."""
    for pattern, what, advice in _ERRORS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found is not None:
            names = [name for name in found.groups() if name]
            return (what.format(*names), advice.format(*names)) if names else (what, advice)
    return None
