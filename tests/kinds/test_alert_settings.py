"""The checks of a workspace's `alerts`."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from reconciler.kinds.alert_settings import AlertEvent, Alerts

OPS: dict[str, Any] = {"name": "ops", "serviceUrl": {"env": "OPS_URL"}}


def test_a_receiver_is_told_every_event_unless_it_says_otherwise() -> None:
    found = Alerts.model_validate({"receivers": [OPS, {**OPS, "name": "mail", "events": ["drift", "run"]}]})
    assert found.receivers[0].events == get_args(AlertEvent)
    assert found.receivers[1].events == ("drift", "run")


def test_without_settings_three_hours_and_five_days_count() -> None:
    found = Alerts.model_validate({})
    assert (found.receivers, found.heartbeat, found.not_run, found.invoice_days) == ((), None, 3, 5)


@pytest.mark.parametrize("url", ["slack://a/b/c", "", None, {"env": ""}])
def test_the_url_of_a_receiver_is_only_ever_a_reference(url: Any) -> None:
    with pytest.raises(ValidationError):
        Alerts.model_validate({"receivers": [{**OPS, "serviceUrl": url}]})
    with pytest.raises(ValidationError):
        Alerts.model_validate({"heartbeat": {"pingUrl": url}})


def test_two_receivers_with_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"receivers\[1\].name ops is already the name of another receiver"):
        Alerts.model_validate({"receivers": [OPS, OPS]})


def test_a_receiver_that_would_be_told_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="would be told nothing"):
        Alerts.model_validate({"receivers": [{**OPS, "events": []}]})


@pytest.mark.parametrize("settings", [{"notRun": 0}, {"notRun": "3"}, {"invoiceDays": -1}, {"invoiceDays": 1.5}])
def test_hours_and_days_are_whole_numbers(settings: Any) -> None:
    with pytest.raises(ValidationError):
        Alerts.model_validate(settings)
