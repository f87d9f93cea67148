"""`reconciler alerts`: try the receivers of alerts, and list the open alerts."""

from __future__ import annotations

from typing import Any

import typer

from reconciler.alerts.delivery import deliver
from reconciler.alerts.known import Known
from reconciler.alerts.message import trial_message
from reconciler.cli.alert_memory import known_in
from reconciler.cli.alerting import secret_of
from reconciler.cli.commands import GROUPS
from reconciler.cli.context import Context
from reconciler.cli.output import deliver_json, paint_of, print_lines, width
from reconciler.cli.session import open_ledger
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE, ERROR
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load
from reconciler.manifests.secrets import SecretError
from reconciler.rendering.alerts_text import alerts_table, trials_table

app = typer.Typer(no_args_is_help=True, add_completion=False, help=GROUPS["alerts"][1])


@app.command()
def test(ctx: typer.Context) -> int:
    """Send a trial alert to each receiver of the workspace.

    Nothing is read from ConnectWise. The heartbeat is not pinged, because a ping would say that billing ran. Exit 1 if
    a trial alert could not be sent.
    """
    context: Context = ctx.obj
    manifests = load(context.root, workspace=context.workspace)
    rows = _trials(context, manifests)
    if context.json:
        deliver_json(rows)
    else:
        print_lines(trials_table(rows, paint_of(context), width()))
    return DONE if all(row["sent"] for row in rows) else ERROR


def _trials(context: Context, manifests: Manifests) -> list[dict[str, Any]]:
    """Return for each receiver whether its trial alert was sent, and why not."""
    alerts = manifests.workspace.spec.alerts
    if alerts is None or not alerts.receivers:
        raise ReconcilerError(
            "this workspace has no receivers of alerts",
            where=manifests.workspace.address,
            advice="Add `alerts` with `receivers` to it.",
        )
    message = trial_message(manifests.workspace.name, context.now)
    urls: dict[str, str] = {}
    errors: dict[str, str] = {}
    for receiver in alerts.receivers:
        try:
            where = f"receivers.{receiver.name}.serviceUrl"
            urls[receiver.name] = secret_of(context, manifests, receiver.service_url, where)
        except SecretError as error:
            errors[receiver.name] = error.what
    errors |= deliver({name: (url, message) for name, url in urls.items()}).receivers
    return [
        {"receiver": each.name, "sent": not errors[each.name], "error": errors[each.name] or None}
        for each in alerts.receivers
    ]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the open alerts, as the last runs left them in the ledger.

    Reads the ledger only. Nothing is sent.
    """
    context: Context = ctx.obj
    manifests = load(context.root, workspace=context.workspace)
    with open_ledger(context, manifests, writable=False) as ledger:
        known = known_in(ledger, manifests.workspace.name)
    rows = [_json(key, each) for key, each in known.items() if each.ended_at is None]
    if context.json:
        deliver_json(rows)
    else:
        print_lines(alerts_table(rows, paint_of(context), width()))


def _json(key: str, known: Known) -> dict[str, Any]:
    cause = known.cause
    return {
        "key": key,
        "event": cause.event,
        "title": cause.title,
        "since": known.since.isoformat(timespec="seconds"),
        "money_at_risk": cause.risk.text,
        "members": [member.label for member in cause.members],
        "why": cause.why,
        "advice": cause.advice,
        "told": {name: each.at.isoformat(timespec="seconds") for name, each in sorted(known.told.items())},
    }
