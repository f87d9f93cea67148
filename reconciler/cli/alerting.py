"""Send the alerts of a run, ping the heartbeat, and record in the ledger what was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.alerts.delivery import deliver
from reconciler.alerts.facts import Facts, RunFailure
from reconciler.alerts.judging import find_causes, judge
from reconciler.alerts.known import KnownCauses, News, after_telling, known_after, news_for, without_finished
from reconciler.alerts.message import Message, message_of
from reconciler.cli.alert_memory import Memory, open_memory
from reconciler.cli.context import Context
from reconciler.cli.failure_kinds import run_failure
from reconciler.cli.failures import failure_of
from reconciler.cli.output import print_note
from reconciler.cli.watch import Watch
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import PARTIAL
from reconciler.kinds.alert_settings import Alerts
from reconciler.kinds.fields import Secret
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.loading import load_valid
from reconciler.manifests.secrets import resolve
from reconciler.metering.period import local_date


def tell(context: Context, watch: Watch, code: int | None) -> None:
    """Send the alerts of a run. `code` is its exit code, or None if it raised an error.

    What cannot be sent or recorded is a note on standard error. Nothing is raised but `KeyboardInterrupt`.
    """
    try:
        manifests = watch.manifests or _workspace_of(context)
        settings = None if manifests is None else manifests.workspace.spec.alerts
        if manifests is None:
            print_note("no alert can be sent, because the workspace cannot be read")
        elif settings is not None:
            with open_memory(context, manifests) as memory:
                _Telling(context, manifests, settings, memory).tell(watch, code)
    except Exception as error:  # noqa: BLE001 - the run has ended, and no fault of its alerts may change its result
        print_note(f"the alerts of this run could not be sent: {failure_of(error).message}")


def _workspace_of(context: Context) -> Manifests | None:
    """Return the manifests with the workspace of a run that could not load them all. None if it has errors itself."""
    try:
        found = load_valid(context.root, workspace=context.workspace)
    except ManifestError:
        return None
    file = found.workspace.origin.file
    return None if any(each.severity == "error" and each.file.endswith(file) for each in found.warnings) else found


def secret_of(context: Context, manifests: Manifests, setting: Secret, what: str) -> str:
    """Return the value of a secret of the alerts. Raises `SecretError`."""
    where = f"{manifests.workspace.address} alerts.{what}"
    return resolve(setting, environ=context.environ, root=manifests.root, what=where)


@dataclass(frozen=True, slots=True)
class _Telling:
    context: Context
    manifests: Manifests
    settings: Alerts
    memory: Memory

    def tell(self, watch: Watch, code: int | None) -> None:
        facts = self._facts(watch, code)
        before = self.memory.known()
        known = known_after(before, find_causes(facts, self.settings), judge(facts), facts.now)
        remembered = self.memory.store(before, known)
        news = {each.name: found for each in self.settings.receivers if (found := news_for(each, known, facts.now))}
        reasons = self._deliver(news, facts, remembered=remembered)
        after: KnownCauses = known
        for name, found in news.items():
            if reasons.get(name) == "":
                after = after_telling(after, name, found, facts.now)
        self.memory.store(known, without_finished(after, self.settings.receivers))
        if facts.applies_usage and facts.is_good:
            self.memory.record_good_run(facts.now)

    def _facts(self, watch: Watch, code: int | None) -> Facts:
        now, failure = self.context.now, None
        if watch.error is not None:
            failure = run_failure(watch.error)
        elif code == PARTIAL and watch.outcome is None:
            failure = RunFailure("stopped", "requests in flight may have been carried out")
        return Facts(
            job=watch.job,
            now=now,
            today=local_date(now, self.manifests.workspace.spec.billing.timezone),
            plan=watch.plan,
            approvals=watch.approvals,
            outcome=watch.outcome,
            failure=failure,
            sources=watch.sources,
            invoices=watch.invoices,
            last_good=self.memory.last_good_run(),
        )

    def _deliver(self, news: Mapping[str, tuple[News, ...]], facts: Facts, *, remembered: bool) -> Mapping[str, str]:
        """Send the news and the ping. Return by receiver why its message was not sent, or ""."""
        workspace = self.manifests.workspace.name
        messages: dict[str, tuple[str, Message]] = {}
        for receiver in self.settings.receivers:
            if receiver.name in news:
                url = self._secret(receiver.service_url, f"receivers.{receiver.name}.serviceUrl")
                if url is not None:
                    messages[receiver.name] = (url, message_of(workspace, news[receiver.name], remembered=remembered))
        delivered = deliver(messages, self._heartbeat_url(facts))
        for name, reason in delivered.receivers.items():
            if reason:
                print_note(f"the alert could not be sent to {name}: {reason}; the next run tries again")
        if delivered.heartbeat:
            print_note(f"the heartbeat could not be pinged: {delivered.heartbeat}")
        return delivered.receivers

    def _heartbeat_url(self, facts: Facts) -> str | None:
        heartbeat = self.settings.heartbeat
        if heartbeat is None or not facts.applies_usage:
            return None
        name, setting = ("pingUrl", heartbeat.ping_url) if facts.is_good else ("failUrl", heartbeat.fail_url)
        return None if setting is None else self._secret(setting, f"heartbeat.{name}")

    def _secret(self, setting: Secret, what: str) -> str | None:
        try:
            return secret_of(self.context, self.manifests, setting, what)
        except ReconcilerError as error:
            print_note(f"{error.where}: {error.what}; so this alert or ping is not sent")
            return None
