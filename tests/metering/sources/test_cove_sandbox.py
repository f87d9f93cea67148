"""Tests of pulls from the sandbox's console over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from reconciler.ledger.records import IN_RECYCLE_BIN, Pull
from reconciler.metering.sources.cove import pull
from reconciler.metering.sources.cove_session import CoveSettings
from reconciler.sandbox.cove.console import Console as SandboxConsole
from reconciler.sandbox.cove.data.model import Level
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.shared.faults import Faults
from reconciler.sandbox.state.sandbox import Sandbox

from .console import NOW, used
from .servers import Time


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    """Return a running sandbox with 40 customers in its console."""
    clock = Clock(NOW)
    world = World(seed=3, customers=40, started=datetime(2026, 11, 1, tzinfo=UTC))
    with RunningSandbox(Sandbox(clock=clock, console=SandboxConsole(clock, world, page_ceiling=7))) as served:
        yield served


def login_of(running: RunningSandbox, **more: str) -> CoveSettings:
    """Return the login of the sandbox, with changes."""
    known = running.variables()
    values = {
        "url": known["COVE_URL"],
        "partner": known["COVE_PARTNER"],
        "username": known["COVE_USERNAME"],
        "password": known["COVE_PASSWORD"],
    }
    return CoveSettings("cove", **{**values, **more})


async def pull_sandbox(running: RunningSandbox, *faults: str) -> Pull:
    """Return a pull from the sandbox while it has these faults."""
    running.sandbox.faults = Faults(faults)
    time = Time()
    try:
        return await pull(login_of(running), running.sandbox.clock.now(), sleep=time.sleep)
    finally:
        running.sandbox.faults = Faults()


async def test_a_pull_of_the_sandbox_is_complete_and_agrees_with_its_data(running: RunningSandbox) -> None:
    found = await pull_sandbox(running)
    assert found.error is None
    world = running.sandbox.console.world
    expected = {str(each.id): each for each in world.usage(NOW) if each.devices}
    totals = {customer_id: size or 0 for customer_id, size in used(found).items()}
    assert totals == {customer_id: each.used for customer_id, each in expected.items()}
    assert sum(sample.bytes is None for sample in found.samples) == sum(each.missing for each in expected.values())


@pytest.mark.parametrize(
    "fault",
    [
        "429:3",
        "500:2",
        "half-json:1",
        "truncated:1",
        "drop:2",
        "html:2",
        "429:2@EnumeratePartners",
        "stale-visa:1",
        "stale-visa:1@EnumerateAccountStatistics",
        *(f"stale-visa:every=5,form={form}" for form in range(7)),
    ],
)
async def test_a_pull_is_complete_in_spite_of_a_few_errors(running: RunningSandbox, fault: str) -> None:
    assert (await pull_sandbox(running, fault)).state == "whole"


@pytest.mark.parametrize(
    ("fault", "message"), [("429", "429"), ("html", "a web page"), ("half-json", "not complete JSON")]
)
async def test_a_lasting_error_is_a_failed_pull(running: RunningSandbox, fault: str, message: str) -> None:
    found = await pull_sandbox(running, fault)
    assert found.state == "failed"
    assert message in str(found.error)


async def test_growth_renames_and_the_recycle_bin_of_the_sandbox_are_read(running: RunningSandbox) -> None:
    world = running.sandbox.console.world
    before = await pull_sandbox(running)
    first, second, *_ = [each.id for each in before.customers if each.attributed]
    world.grow(int(first), Fraction(2), NOW)
    world.rename(int(first), "Renamed Ltd", NOW)
    world.recycle(int(second), NOW)
    after = await pull_sandbox(running)
    assert (used(after)[first] or 0) >= 2 * (used(before)[first] or 0) - 10
    assert {each.id: each.name for each in after.customers}[first] == "Renamed Ltd"
    assert second not in used(after)
    assert {each.id: each.state for each in after.customers}[second] == IN_RECYCLE_BIN
    assert any("recycle bin" in note for note in after.notes)


async def test_wrong_credentials_are_sent_once(running: RunningSandbox) -> None:
    found = await pull(login_of(running, password="wrong"), NOW)
    assert "check partner" in str(found.error)
    assert running.sandbox.console.failed_logins == 1
    running.sandbox.console.unlock()


async def test_a_column_that_the_role_of_the_sandbox_may_not_read_is_named(running: RunningSandbox) -> None:
    rights = running.sandbox.console.rights
    rights.refuse(["I14"])
    assert "may not read the column I14" in str((await pull_sandbox(running)).error)
    rights.refuse(["I0"])
    unordered = await pull_sandbox(running)
    assert unordered.notes[0].startswith("the API user's role may not sort devices by id")
    rights.refuse(["I1", "I8", "I32", "I59", "I77"])
    assert used(await pull_sandbox(running)) == used(unordered)
    rights.refuse([])


async def test_a_column_that_the_sandbox_no_longer_has_is_a_failed_pull_and_not_zero(running: RunningSandbox) -> None:
    running.sandbox.console.rights.retire(["I14"])
    found = await pull_sandbox(running)
    running.sandbox.console.rights.retire([])
    assert (found.state, found.samples) == ("failed", ())
    assert "has used storage (column I14)" in str(found.error)


async def test_unusable_figures_silent_devices_and_devices_of_resellers_are_read(running: RunningSandbox) -> None:
    world = running.sandbox.console.world
    reseller = world.add_customer("Quayside IT", NOW, level=Level.RESELLER)
    own = world.add_device(reseller.id, NOW, 7)
    below = world.add_customer("Quay", NOW, reseller.id)
    odd, silent, good = (world.add_device(below.id, NOW, used) for used in (5, None, 9))
    world.set_figure(odd.id, "-1", NOW)
    found = await pull_sandbox(running)
    samples = {sample.device_id: (sample.customer_id, sample.bytes) for sample in found.samples}
    assert samples[str(own.id)] == (str(reseller.id), 7)
    assert [samples[str(each.id)] for each in (odd, silent, good)] == [
        (str(below.id), used) for used in (None, None, 9)
    ]
    assert {each.id: each.attributed for each in found.customers}[str(reseller.id)] is False
    (note,) = [note for note in found.notes if "no usable figure" in note]
    assert note.startswith(f"device {odd.id} of partner {below.id} has no usable figure: its used storage (I14)")
