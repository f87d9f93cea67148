"""What plan, apply and usage share: manifests, client and ledger opened, and usage pulled."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from reconciler.cli.context import Context
from reconciler.cli.output import say
from reconciler.cli.progress import Reading, reading
from reconciler.connectwise import Connection, ConnectWise
from reconciler.connectwise.connection import base_url
from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.shapes import by_path
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.errors import LedgerError, Unwritable
from reconciler.ledger.files import is_in_memory
from reconciler.ledger.read_only import open_copy, open_for_reading
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger, default_url, parse_url
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.manifests.secrets import resolve
from reconciler.manifests.settings import check_settings
from reconciler.metering.collect import SHRINK, Collected, approval_of, collect
from reconciler.metering.sources import registry
from reconciler.planning.plan import Tenant


@dataclass(frozen=True, slots=True)
class Session:
    context: Context
    manifests: Manifests
    client: ConnectWise
    ledger: Ledger
    keeps: bool
    """Whether what is read has to be kept."""

    @property
    def workspace(self) -> WorkspaceSpec:
        return self.manifests.workspace.spec

    @property
    def tenant(self) -> str:
        """Which tenant this is, as the ledger names it: site and company."""
        tenant = tenant_of(self)
        return f"{tenant.site} {tenant.company.casefold()}"

    def secret(self, setting: Any, what: str = "secret") -> str:
        """The value behind a setting or a plan's `{env: NAME}`."""
        if isinstance(setting, dict):
            setting = EnvSecret(**setting) if "env" in setting else FileSecret(**setting)
        return resolve(setting, environ=self.context.environ, root=self.manifests.root, what=what)


@asynccontextmanager
async def opened(context: Context, *, usage: bool = True, keeps: bool = False) -> AsyncIterator[Session]:
    """Manifests loaded, ledger opened, client ready; requests are told on standard error with `-v`.

    Without `usage` the variables of sources need not be set. With `keeps` the ledger has to be writable; without it
    one that cannot be written is no error, nor is none at all.
    """
    manifests = load(context.root, workspace=context.workspace)
    for warning in manifests.warnings:
        say(str(warning))
    check_settings(manifests, context.environ, usage=usage)
    connection = connection_of(context, manifests)
    with open_ledger(context, manifests, keeps=keeps) as ledger:
        async with ConnectWise(connection, on_notice=_notice, now=_running(context.now), shapes=by_path()) as client:
            try:
                yield Session(context, manifests, client, ledger, keeps)
            finally:
                if context.verbose:
                    told = client.requests
                    say(f"{told.total} requests, {told.retries} of them repeated:")
                    for route, count in sorted(told.by_route.items()):
                        say(f"  {count:6} {route}")


def _notice(text: str) -> None:
    say(f"note: {text}")


def _running(start: datetime) -> Callable[[], datetime]:
    """The time that the run goes by: it began at `start`, `--now` or this machine's clock, and goes on from there."""
    began = monotonic()

    def now() -> datetime:
        passed = timedelta(seconds=monotonic() - began)
        return start + min(passed, datetime.max.replace(tzinfo=UTC) - start)

    return now


def connection_of(context: Context, manifests: Manifests) -> Connection:
    spec = manifests.workspace.spec
    settings = spec.connectwise

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


def tenant_of(session: Session) -> Tenant:
    """Which tenant this session speaks to, as a plan names it."""
    connection = connection_of(session.context, session.manifests)
    return Tenant(site=base_url(connection.site), company=connection.company.strip())


def open_ledger(context: Context, manifests: Manifests, *, keeps: bool) -> Ledger:
    """The workspace's ledger; with `keeps` it has to be writable."""
    url = _ledger_url(context, manifests)
    if keeps and is_in_memory(parse_url(url)):
        what = "a ledger in memory forgets everything when the run ends, and holds no lock against another run"
        where = f"{manifests.workspace.address} ledger"
        raise LedgerError(what, where=where, advice="Name a file, or leave `ledger` out.")
    if keeps:
        return Ledger.open(url, now=context.now)
    return open_for_reading(url, now=context.now, on_notice=_notice)


def _ledger_url(context: Context, manifests: Manifests) -> str:
    spec = manifests.workspace.spec
    url = default_url(manifests.root)
    if spec.ledger is not None:
        what = f"{manifests.workspace.address} ledger"
        url = resolve(spec.ledger, environ=context.environ, root=manifests.root, what=what)
    return url


async def pull_usage(
    session: Session, approved: Collection[str] = (), told: Reading | None = None
) -> tuple[Collected, ...]:
    """Every source read and recorded. A source that fails is a failed pull, and stops nothing.

    `approved` are guardrails that a person approves: `shrink` believes a pull that lost much at once.
    `told` learns how far it is; without it a line on the terminal says so.
    """
    if told is None:
        async with reading(lambda: session.client.requests.total) as line:
            return await pull_usage(session, approved, line)

    def text(setting: Any) -> str:
        return session.secret(setting, f"{session.manifests.workspace.address} usage")

    sources = [registry.settings_of(source, text, session.manifests.root) for source in session.workspace.usage]
    limits = session.workspace.guardrails
    now = session.context.now

    async def collected() -> tuple[Collected, ...]:
        return await collect(
            session.ledger,
            sources,
            now,
            shrink=SHRINK if limits is None else limits.shrink,
            approval=approval_of(approved, [source.name for source in session.workspace.usage], person()),
            pull=_telling(told),
        )

    try:
        return await collected()
    except Unwritable as error:
        if session.keeps:
            raise
        url = _ledger_url(session.context, session.manifests)
        session.ledger.switch_to(open_copy(url, error, now=now, on_notice=_notice))
        return await collected()


def person() -> str:
    """Who runs this, as `user@host`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _telling(told: Reading) -> Callable[[registry.SourceSettings, datetime], Coroutine[Any, Any, Pull]]:
    """The pull of one source that says when it begins and what it has brought."""

    async def pull(settings: registry.SourceSettings, now: datetime) -> Pull:
        told.source(settings.name, "reading")
        found = await registry.pull(settings, now)
        told.source(settings.name, f"{len(found.customers)} customers" if found.state == "whole" else "failed")
        return found

    return pull
