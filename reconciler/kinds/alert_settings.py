"""The `alerts` of a workspace: who is told when a person is needed, and which heartbeat is pinged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds.fields import Model, Name, Secret

AlertEvent = Literal["unmapped", "held", "gap", "source", "guardrail", "drift", "run", "not-run", "invoice"]
"""The types of causes. docs/how-to/alerts.md explains them."""

_ALL_EVENTS: tuple[AlertEvent, ...] = (
    "unmapped",
    "held",
    "gap",
    "source",
    "guardrail",
    "drift",
    "run",
    "not-run",
    "invoice",
)


def _not_empty(events: tuple[AlertEvent, ...]) -> tuple[AlertEvent, ...]:
    if not events:
        raise ValueError(
            "the list is empty, so this receiver would be told nothing: leave it out to be told everything"
        )
    return events


class Receiver(Model):
    """One place that alerts are sent to."""

    name: Name = Field(
        description="Name of the receiver. Messages and the ledger use it, because the URL is secret.", examples=["ops"]
    )
    service_url: Secret = Field(
        description="Reference to the URL of the service, as apprise writes it, such as slack://… or mailtos://…: "
        "{env: NAME} or {file: PATH}. It contains tokens.",
        examples=[{"env": "ALERTS_OPS_URL"}],
    )
    events: Annotated[tuple[AlertEvent, ...], AfterValidator(_not_empty)] = Field(
        _ALL_EVENTS,
        description="The causes that this receiver is told: `unmapped` and `held` customers, every other `gap` in the "
        "coverage, a `source` that cannot be used, a `guardrail` that refuses a run, `drift`, a `run` that failed, "
        "hours in which billing was `not-run`, and gaps shortly before an `invoice`. Left out: all.",
        json_schema_extra={"minItems": 1},
    )


class Heartbeat(Model):
    """A monitor outside that raises an alarm if no ping comes. It notices a job that does not run at all."""

    ping_url: Secret = Field(
        description="Reference to the URL that is requested after each good run of usage: {env: NAME} or {file: PATH}.",
        examples=[{"env": "HEARTBEAT_URL"}],
    )
    fail_url: Secret | None = Field(
        None,
        description="Reference to the URL that is requested after a run of usage that failed, such as the ping URL "
        "with /fail at its end: {env: NAME} or {file: PATH}. Left out: no request is sent.",
        examples=[{"env": "HEARTBEAT_FAIL_URL"}],
    )


class Alerts(Model):
    """Who is told when a person is needed."""

    receivers: tuple[Receiver, ...] = Field(
        (),
        description="Where alerts are sent: chat, e-mail, a webhook.",
        examples=[[{"name": "ops", "serviceUrl": {"env": "ALERTS_OPS_URL"}}]],
    )
    heartbeat: Heartbeat | None = Field(
        None,
        description="A monitor outside that notices if the hourly job does not run at all.",
        examples=[{"pingUrl": {"env": "HEARTBEAT_URL"}}],
    )
    not_run: Annotated[int, Field(ge=1, strict=True)] = Field(
        3, description="Hours without a good run of usage after which an alert is sent."
    )
    invoice_days: Annotated[int, Field(ge=0, strict=True)] = Field(
        5,
        description="Days before the next invoice of an agreement in which customers that are not accounted for are "
        "an alert of their own.",
    )

    @model_validator(mode="after")
    def _receiver_names_are_unique(self) -> Alerts:
        """Refuse two receivers with the same name: the ledger stores by name what each has been told."""
        names: set[str] = set()
        for index, receiver in enumerate(self.receivers):
            if receiver.name in names:
                raise ValueError(f"receivers[{index}].name {receiver.name} is already the name of another receiver")
            names.add(receiver.name)
        return self
