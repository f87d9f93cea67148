"""A sandbox: one tenant and one console that share an environment."""

from __future__ import annotations

from datetime import datetime

from reconciler.sandbox.connectwise.tenant.invoicing import Invoicing
from reconciler.sandbox.connectwise.tenant.setup import new_tenant
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.messy.truth import Truth
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.shared.environment import Credentials, Environment
from reconciler.sandbox.shared.faults import Faults


class Sandbox(Environment):
    """An environment with a ConnectWise tenant and a backup console in it.

    A part that is left out is new: a tenant with setup tables only, a console with the customers of the example estate,
    and the clock of the tenant. Without a tenant, the clock has the machine's time. `truth` has the company of each
    customer in a messy estate. `invoicing` says which invoices are made as time passes; at first, none are.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        faults: Faults | None = None,
        tenant: Tenant | None = None,
        console: Console | None = None,
        truth: Truth | None = None,
        invoicing: Invoicing | None = None,
        credentials: Credentials | None = None,
        latency_ms: int = 0,
        rate_per_second: int | None = None,
    ) -> None:
        super().__init__(
            clock=clock or (tenant.clock if tenant is not None else Clock()),
            faults=faults if faults is not None else Faults(),
            credentials=credentials or Credentials(),
            latency_ms=latency_ms,
            rate_per_second=rate_per_second,
        )
        self.tenant = tenant or new_tenant(self.clock)
        self.console = console or Console(self.clock)
        self.truth = truth
        self.invoicing = Invoicing() if invoicing is None else invoicing

    def catch_up(self) -> None:
        """Make the invoices that have become due since the last request."""
        self.invoicing.make_due(self.tenant)

    def pass_time(self, until: datetime) -> None:
        """Move the clock, and make each invoice that becomes due on the way at its moment."""
        self.invoicing.pass_time(self.tenant, until)

    def variables(self, url: str) -> dict[str, str]:
        """Return the environment variables of the example estate, by name, for a sandbox that is served at `url`."""
        known = self.credentials
        return {
            "CONNECTWISE_SITE": url,
            "CONNECTWISE_COMPANY": known.company,
            "CONNECTWISE_CLIENT_ID": known.client_id,
            "CONNECTWISE_PUBLIC_KEY": known.public_key,
            "CONNECTWISE_PRIVATE_KEY": known.private_key,
            "COVE_URL": f"{url}/jsonapi",
            "COVE_PARTNER": known.partner,
            "COVE_USERNAME": known.username,
            "COVE_PASSWORD": known.password,
        }
