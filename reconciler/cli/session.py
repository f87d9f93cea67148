"""Open what a command works with: the manifests, the ledger, and the ConnectWise client."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconciler.cli.context import Context
from reconciler.cli.output import print_note, say
from reconciler.cli.policies import check_documents
from reconciler.connectwise import Connection, ConnectWise
from reconciler.connectwise.connection import base_url
from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.shapes import by_path
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.files import is_in_memory
from reconciler.ledger.read_only import open_for_reading
from reconciler.ledger.store import Ledger, default_url, parse_url
from reconciler.ledger.waiting import steady_seconds
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.manifests.on_day import on_day
from reconciler.manifests.secrets import resolve
from reconciler.manifests.settings import check_settings
from reconciler.metering.period import period_of
from reconciler.planning.plan import Tenant

if TYPE_CHECKING:
    from reconciler.manifests.touched import LoadedPart


@dataclass(frozen=True, slots=True)
class Session:
    """The manifests, the ledger and the ConnectWise client of one command."""

    context: Context
    manifests: Manifests
    client: ConnectWise
    ledger: Ledger
    writable: bool
    """True if the command must be able to write the ledger."""
    part: LoadedPart | None = None
    """The part of the manifests that changed, with `--changed-since`."""

    @property
    def workspace(self) -> WorkspaceSpec:
        """Return the spec of the workspace document."""
        return self.manifests.workspace.spec

    @property
    def tenant(self) -> str:
        """Return the tenant as the ledger names it: its site and company."""
        tenant = tenant_of(self)
        return f"{tenant.site} {tenant.company.casefold()}"

    def at(self, now: datetime) -> Session:
        """Return this session at another time."""
        return replace(self, context=replace(self.context, now=now))

    def secret(self, setting: Any, what: str = "secret") -> str:
        """Return the value of a setting, which may be a plan's `{env: NAME}` or `{file: PATH}`."""
        if isinstance(setting, dict):
            setting = EnvSecret(**setting) if "env" in setting else FileSecret(**setting)
        return resolve(setting, environ=self.context.environ, root=self.manifests.root, what=what)


@asynccontextmanager
async def open_session(
    context: Context,
    *,
    usage: bool = True,
    writable: bool = False,
    load_part: Callable[[Context], LoadedPart] | None = None,
) -> AsyncIterator[Session]:
    """Load the manifests, open the ledger and connect the client. With `-v`, print the requests at the end.

    Without `usage`, the variables of the usage sources need not be set. With `writable`, a ledger that cannot be
    written is an error. Otherwise a read-only ledger is enough, and so is none at all. `load_part` loads a part of the
    manifests. Their usage comes from the ledger.
    """
    part = None if load_part is None else load_part(context)
    manifests = load(context.root, workspace=context.workspace, now=context.now) if part is None else part.manifests
    for warning in manifests.warnings:
        say(str(warning))
    check_documents(manifests)
    check_settings(manifests, context.environ, usage=usage and not manifests.from_ledger)
    connection = connection_of(context, manifests)
    with open_ledger(context, manifests, writable=writable) as ledger:
        now = running_clock(context.now)
        async with ConnectWise(connection, on_notice=print_note, now=now, shapes=by_path()) as client:
            try:
                month = period_of(context.now, manifests.workspace.spec.billing.timezone)
                yield Session(context, on_day(manifests, month.first_day), client, ledger, writable, part)
            finally:
                if context.verbose:
                    _print_requests(client)


def connection_of(context: Context, manifests: Manifests) -> Connection:
    """Return the settings of the connection to ConnectWise, with secrets resolved."""
    settings = manifests.workspace.spec.connectwise

    def text(setting: Any, name: str) -> str:
        what = f"{manifests.workspace.address} connectwise.{name}"
        return resolve(setting, environ=context.environ, root=manifests.root, what=what)

    return Connection(
        site=text(settings.site, "site"),
        company=text(settings.company, "company"),
        client_id=text(settings.client_id, "clientId"),
        public_key=text(settings.public_key, "publicKey"),
        private_key=text(settings.private_key, "privateKey"),
        api_version=settings.api_version,
        max_concurrency=settings.max_concurrency,
        bundle_size=settings.bundle_size,
    )


def open_ledger(context: Context, manifests: Manifests, *, writable: bool) -> Ledger:
    """Open the workspace's ledger. With `writable`, a ledger in memory or a read-only one is an error."""
    url = ledger_url(context, manifests)
    if writable and is_in_memory(parse_url(url)):
        what = "a ledger in memory loses its content when the run ends, and cannot lock out another run"
        where = f"{manifests.workspace.address} ledger"
        raise LedgerError(what, where=where, advice="Name a file, or leave `ledger` out.")
    if writable:
        return Ledger.open(url, now=context.now)
    return open_for_reading(url, now=context.now, on_notice=print_note)


def ledger_url(context: Context, manifests: Manifests) -> str:
    """Return the URL of the ledger: the one of the workspace, or a SQLite file beside the manifests."""
    setting = manifests.workspace.spec.ledger_address
    if setting is None:
        return default_url(manifests.root)
    what = f"{manifests.workspace.address} ledger"
    return resolve(setting, environ=context.environ, root=manifests.root, what=what)


def running_clock(start: datetime, *, seconds: Callable[[], float] = steady_seconds) -> Callable[[], datetime]:
    """Return a clock that begins at `start`, which `--now` may have set, and runs on in real time."""
    began = seconds()

    def now() -> datetime:
        passed = timedelta(seconds=seconds() - began)
        return start + min(passed, datetime.max.replace(tzinfo=UTC) - start)

    return now


def _print_requests(client: ConnectWise) -> None:
    counts = client.requests
    say(f"{counts.total} requests to ConnectWise, {counts.retries} of them retries:")
    for route, count in sorted(counts.by_route.items()):
        say(f"  {count:6} {route}")


def tenant_of(session: Session) -> Tenant:
    """Return the tenant of this session as a plan names it."""
    connection = connection_of(session.context, session.manifests)
    return Tenant(site=base_url(connection.site), company=connection.company.strip())


def current_user() -> str:
    """Return the user who runs this command, as `user@host`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # the user of a container may have no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
