"""Disturb a scenario at its points, run it again, and check that nothing is doubled, lost or held.

A case is one scenario, one disturbance and one point:

1. the place is put back to the state before the command, and the command runs with the disturbance,
2. the same command runs again, undisturbed,
3. a plan must be empty, and tenant, ledger, plan and manifests must be those of an undisturbed run.

Many points leave the same state. Steps 2 and 3 are done once for each state; see `state`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.store import Ledger
from tests.crash.compare import difference, labels_of, ledger_text, plan_text, tenant_text
from tests.crash.jobs import BROKEN, Disturbance, Ended, How, Point, Stage
from tests.crash.place import Place, Snapshot
from tests.crash.scenarios import Scenario
from tests.times import START

_AFTER = ("answered", "committed", "replaced")
"""The stages at which something was written since the point before."""
_ONCE = ("drop", "drop all", "full")
"""Disturbances that also hit later requests, so that each point is a case of its own."""
KILLED = -9
NOTHING_WRITTEN = (1, 3)
"""Exit codes that say that nothing was written."""


_EVERY: tuple[Stage, ...] = ("send", "answered", "commit", "committed", "replace", "replaced")
_BETWEEN: tuple[Stage, ...] = ("begin", "send", "answered", "committed", "replace", "replaced")
"""Without the points inside a transaction, at which every other process waits for it."""


@dataclass(frozen=True)
class Mode:
    """A disturbance, the stages of points that it is for, and whether the ledger is lost after it."""

    name: str
    how: How
    stages: tuple[Stage, ...]
    loses_ledger: bool = False


MODES = (
    Mode("kill", "kill", _EVERY),
    Mode("kill, and lose the ledger", "kill", _EVERY, loses_ledger=True),
    Mode("lose an answer", "drop", ("send",)),
    Mode("lose every answer from then on", "drop all", ("send",)),
    Mode("fill the disk", "full", ("begin", "answered", "replace", "replaced")),
    Mode("delete the ledger", "delete", ("committed", "answered", "replaced"), loses_ledger=True),
    Mode("start a second process", "second", _BETWEEN),
    Mode("start a second process, then kill", "second and kill", _BETWEEN),
)


@dataclass(frozen=True)
class Undisturbed:
    """How a scenario ends without a disturbance: what every disturbed run must end in."""

    scenario: Scenario
    before: Snapshot
    run: Ended
    plan: Ended
    tenant_before: list[str]
    files_before: list[str]
    tenant: list[str]
    files: list[str]
    ledger: list[str]
    planned: list[str]
    followed: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    """The faults that were found after each state that a disturbed run left, and whether the ledger was lost."""

    def points(self, mode: Mode, *, every: bool = True) -> list[Point]:
        """Return the points at which a mode disturbs.

        Without `every`, of points that follow each other without a write between them only the first one is returned:
        tenant and ledger are the same at all of them.
        """
        found = [point for point in self.run.points if point.stage in mode.stages]
        if every:
            return found
        return [point for at, point in enumerate(found) if at == 0 or point.stage in _AFTER or mode.how in _ONCE]


@dataclass
class Found:
    """What a case found: the faults, in words, and how the disturbed process ended."""

    point: Point
    mode: Mode
    scenario: Scenario
    code: int = 0
    second: int | None = None
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        about = "\n".join(self.faults)
        return f"{self.scenario.name}, {self.mode.name} at {self.point}: ended with {self.code}\n{about}"


def undisturbed(place: Place, scenario: Scenario) -> Undisturbed:
    """Prepare a scenario and run it. Its plan afterwards must be empty, so that other runs can be compared with it."""
    place.begin()
    scenario.prepare(place)
    before, tenant_before, files_before = place.save(), tenant_text(place.tenant), place.files_text()
    first = run(place, scenario)
    assert first.code in (0, 5), f"{scenario.name} ended with {first.code}\n{first.out}\n{first.err}"
    if scenario.later is not None:
        scenario.later(place)
        again = run(place, scenario)
        assert again.code == first.code, f"{scenario.name} ended with {again.code}\n{again.out}\n{again.err}"
    plan = place.run("--json", *scenario.plan)
    assert plan.code == first.code, f"the plan of {scenario.name} ended with {plan.code}\n{plan.out}\n{plan.err}"
    assert json.loads(plan.out)["actions"] == [], f"the plan of {scenario.name} is not empty\n{plan.out}"
    return Undisturbed(
        scenario,
        before,
        first,
        plan,
        tenant_before,
        files_before,
        tenant_text(place.tenant),
        place.files_text(),
        ledger_text(place.ledger, place.tenant),
        _planned(place, plan),
    )


def cases(place: Place, whole: Undisturbed, mode: Mode) -> Iterator[Found]:
    """Run each case of a scenario in one mode."""
    if mode.loses_ledger and whole.scenario.needs_ledger:
        return
    for point in whole.points(mode):
        yield case(place, whole, mode, point)


def check(place: Place, whole: Undisturbed, mode: Mode, *, step: int = 1) -> None:
    """Check the cases of a scenario in one mode. Raise `AssertionError` with the first five that have a fault.

    Only each `step`th point is checked, since their processes take much of the time of `make test`.
    """
    found = [case(place, whole, mode, point) for point in whole.points(mode, every=False)[::step]]
    assert found
    faulty = [str(each) for each in found if each.faults]
    assert not faulty, f"{len(faulty)} of {len(found)} points\n\n" + "\n\n".join(faulty[:5])


def case(place: Place, whole: Undisturbed, mode: Mode, point: Point) -> Found:
    """Run one case, and return what it found."""
    scenario = whole.scenario
    found = Found(point, mode, scenario)
    place.restore(whole.before)
    first = run(place, scenario, Disturbance(point.number, mode.how))
    found.code = first.code
    place.settle()
    _check_first(place, whole, mode, first, found)
    if mode.loses_ledger:
        place.lose_ledger()
    state = place.state(), mode.loses_ledger
    if state not in whole.followed:
        whole.followed[state] = _follow(place, whole, mode, point)
    found.faults += whole.followed[state]
    return found


def _follow(place: Place, whole: Undisturbed, mode: Mode, point: Point) -> list[str]:
    """Run the command again after a disturbed run, and return the faults of the end."""
    scenario, found = whole.scenario, Found(point, mode, whole.scenario)
    if scenario.later is not None:
        scenario.later(place)
    check_again(whole, run(place, scenario), found)
    check_end(place, whole, mode, place.run("--json", *scenario.plan), found)
    return found.faults


def run(place: Place, scenario: Scenario, disturbance: Disturbance | None = None) -> Ended:
    """Run the command of a scenario."""
    command = [part.format(files=place.files) for part in scenario.command]
    return place.run(*command, disturbance=disturbance)


def _check_first(place: Place, whole: Undisturbed, mode: Mode, first: Ended, found: Found) -> None:
    """Check how the disturbed process ended, and that its exit code does not deny what it wrote."""
    if len(first.points) < found.point.number:
        found.faults.append(f"it reached {len(first.points)} points only\n{first.out}\n{first.err}")
    killed = mode.how in ("kill", "second and kill")
    if killed and first.code != KILLED:
        found.faults.append(f"it was not killed\n{first.out}\n{first.err}")
    if first.code == BROKEN or (not killed and first.code not in (0, 1, 3, 4, 5)):
        found.faults.append(f"it ended with {first.code}\n{first.out}\n{first.err}")
    if first.code in NOTHING_WRITTEN and not _second_won(first):
        wrote = difference(whole.tenant_before, tenant_text(place.tenant))
        wrote += difference(whole.files_before, place.files_text())
        if wrote:
            found.faults.append(f"it ended with {first.code}, and had written\n{wrote}\n{first.err}")
    if first.second is not None:
        _check_second(whole, first, first.second, found)


def _second_won(first: Ended) -> bool:
    return first.second is not None and first.second.code in (0, 5)


def _check_second(whole: Undisturbed, first: Ended, second: Ended, found: Found) -> None:
    """Check that the second process was refused if the first one held the lock, and else did the work."""
    found.second = second.code
    expected = (3,) if first.locked else (whole.run.code, whole.scenario.done_already)
    if second.code not in expected:
        found.faults.append(
            f"the second process ended with {second.code}, not {expected[0]}\n{second.out}\n{second.err}"
        )


def check_again(whole: Undisturbed, again: Ended, found: Found) -> None:
    """Check that the run after the disturbance ends as the undisturbed one, and need not wait for the lock."""
    if again.code not in (whole.run.code, whole.scenario.done_already):
        found.faults.append(f"the run after it ended with {again.code}\n{again.out}\n{again.err}")
    if "watching its lock" in again.err:
        found.faults.append(f"the lock was not free at once\n{again.err}")


def check_end(place: Place, whole: Undisturbed, mode: Mode, plan: Ended, found: Found) -> None:
    """Check that the plan is empty, and that plan, tenant, ledger and files are those of the undisturbed run."""
    scenario = whole.scenario
    if plan.code != whole.plan.code:
        found.faults.append(f"the plan after it ended with {plan.code}\n{plan.err}")
    else:
        _compare("plan", whole.planned, _planned(place, plan), found)
    _compare("tenant", whole.tenant, tenant_text(place.tenant), found)
    _compare("manifest folder", whole.files, place.files_text(), found)
    expected, ledger = whole.ledger, ledger_text(place.ledger, place.tenant)
    if mode.loses_ledger:
        expected, ledger = [], [line for line in ledger if line.startswith(("locks", "no answer"))]
    elif scenario.later is not None:  # what the first run did not write, the second one writes in another step
        expected, ledger = ([line for line in lines if not line.startswith("history")] for lines in (expected, ledger))
    _compare("ledger", expected, ledger, found)
    with Ledger.open(str(place.ledger), now=START) as opened:
        found.faults += [f"the ledger is not whole: {problem}" for problem in check_ledger(opened).problems]


def _compare(what: str, expected: Sequence[str], present: Sequence[str], found: Found) -> None:
    differs = difference(expected, present)
    if differs:
        found.faults.append(f"the {what} differs\n{differs}")


def _planned(place: Place, plan: Ended) -> list[str]:
    return plan_text(json.loads(plan.out), labels_of(place.tenant))
