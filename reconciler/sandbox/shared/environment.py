"""The environment of both stand-ins: time, faults, credentials, settings and the request log."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.shared.log import RequestLog


@dataclass(slots=True, frozen=True)
class Credentials:
    """Made-up credentials of both stand-ins. No real system accepts them."""

    company: str = "sandbox"
    client_id: str = "5b0c3a0e-5a4d-4b0e-9a53-3f1d3c5f7a11"
    public_key: str = "SandboxPublicKey"
    private_key: str = field(default="SandboxPrivateKey", repr=False)
    partner: str = "Sandbox MSP (sandbox@example.test)"
    username: str = "sandbox-api"
    password: str = field(default="sandbox-token", repr=False)


@dataclass(slots=True, eq=False)
class Environment:
    """The conditions under which a stand-in answers.

    `latency_ms` is the delay of every response of both stand-ins in milliseconds. `rate_per_second` is the number of
    requests that ConnectWise answers in one second of real time before it answers 429. None sets no limit.
    """

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    credentials: Credentials = field(default_factory=Credentials)
    latency_ms: int = 0
    rate_per_second: int | None = None
    log: RequestLog = field(default_factory=RequestLog)
