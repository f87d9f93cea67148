"""Tests of `reconciler apply`: with and without a question, with a plan file, and its exit codes."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reconciler.cli import interrupts as command
from tests.shop import ALDER, BIRCHWOOD, Send, Shop, locked

QUESTION = "Do you want to make these 12 changes in ConnectWise? Type 'yes' to apply: "


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def test_apply_shows_the_plan_asks_and_applies_it_after_yes(small: Shop) -> None:
    said = small("apply", stdin="yes\n")

    assert said.code == 0
    assert "Plan: 12 to create; 0 unchanged." in said.out
    assert QUESTION in said.err
    assert said.out.splitlines()[-1] == "Applied: 12 done."


@pytest.mark.parametrize("answer", ["no\n", "y\n", "YES\n", "\n", ""])
def test_every_answer_but_yes_writes_nothing_and_exits_with_3(small: Shop, answer: str) -> None:
    said = small("apply", stdin=answer)

    assert said.code == 3
    assert "not approved; nothing was written" in said.err
    assert "--auto-approve" in said.err
    assert not any(small.counts().values())


def test_a_closed_standard_input_writes_nothing(small: Shop) -> None:
    process = small.start("apply", preexec_fn=lambda: os.close(0))

    _, said = process.communicate(timeout=60)

    assert process.returncode == 3
    assert "not approved" in said


def test_one_change_is_asked_for_in_the_singular(small: Shop) -> None:
    small.apply()
    small.uses(ALDER, "130")

    assert "Do you want to make this change in ConnectWise?" in small("apply", stdin="yes\n").err


def test_a_plan_without_changes_is_applied_without_a_question(small: Shop) -> None:
    small.apply()

    said = small("apply")

    assert said.code == 0
    assert "No changes." in said.out
    assert said.out.splitlines()[-1] == "Applied: nothing to do."
    assert said.err == ""


def test_a_change_while_the_question_is_open_makes_the_plan_stale(small: Shop) -> None:
    class Slow:
        """A standard input that creates a company in ConnectWise before it answers yes."""

        def readline(self) -> str:
            body = {"identifier": "AlderDental", "name": "Other", "city": "Boston"}
            assert small.http.post("/company/companies", json=body).status_code == 201
            return "yes\n"

    with small.patch.context() as patch:
        patch.setattr("tests.shop.StringIO", lambda _text: Slow())
        said = small("apply")

    assert said.code == 3
    assert "the plan is stale" in said.err


def test_another_apply_can_run_while_the_question_is_open(small: Shop) -> None:
    codes: list[int] = []

    class Slow:
        def readline(self) -> str:
            process = small.start("apply", "--auto-approve")
            process.communicate(timeout=60)
            codes.append(process.returncode)
            return "yes\n"

    with small.patch.context() as patch:
        patch.setattr("tests.shop.StringIO", lambda _text: Slow())
        said = small("apply")

    assert codes == [0]
    assert (said.code, said.out.splitlines()[-1]) == (0, "Applied: 12 already.")


def test_ctrl_c_at_the_question_ends_it_and_writes_nothing(small: Shop) -> None:
    process = small.start("apply", stdin_from=os.pipe()[0])
    assert process.stderr is not None
    said = ""
    while not said.endswith("Type 'yes' to apply: "):
        character = process.stderr.read(1)
        assert character, f"the command ended without the prompt: {said}"
        said += character
    process.send_signal(signal.SIGINT)

    _, rest = process.communicate(timeout=60)

    assert process.returncode == 130
    assert rest.strip() == "interrupted; nothing was written to ConnectWise"
    assert not any(small.counts().values())


def test_apply_exits_with_3_while_another_apply_is_running(small: Shop) -> None:
    small("plan")
    with locked(small):
        for arguments in (["--auto-approve"], []):
            said = small("apply", *arguments, stdin="yes\n")
            assert said.code == 3
            assert "another apply of workspace example is running: process" in said.err
    assert not any(small.counts().values())


def test_a_guardrail_holds_only_its_customer_until_it_is_approved(shop: Shop) -> None:
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    shop.uses(ALDER, "900")
    shop.uses(BIRCHWOOD, "470")

    said = shop("apply", "--only", "usage", "--auto-approve")
    assert said.code == 5
    assert "guardrail quantity: the quantity changes from 121 GB to 900 GB, by more than 50 % and 200 GB" in said.out
    assert "--approve quantity=CustomerMapping/alder-dental" in said.out
    assert shop.additions(ALDER_LINES)["BACKUP-GB"][0] == 121
    assert shop.additions("Birchwood Legal - Managed Backup")["BACKUP-GB-500"][0] == 470

    shop.apply("--only", "usage", "--approve", "quantity=CustomerMapping/alder-dental")
    assert shop.additions(ALDER_LINES)["BACKUP-GB"][0] == 900


ALDER_LINES = "Alder Dental - Managed Backup"


@pytest.mark.parametrize(
    "address", ["Addition/alder-dental.storage:backup-gb", "Addition/alder-dental:backup-gb", "cove/1001001"]
)
def test_an_approval_accepts_every_address_of_a_customer(small: Shop, address: str) -> None:
    small.apply()
    small.uses(ALDER, "900")
    small.apply("--only", "usage", "--approve", f"quantity={address}")
    assert small.additions(ALDER_LINES)["BACKUP-GB"][0] == 900


def test_an_approval_of_another_customer_approves_nothing_and_is_reported(small: Shop) -> None:
    small.apply()
    small.uses(ALDER, "900")
    wrong = ("--approve", "quantity=CustomerMapping/other")
    said = small("apply", "--only", "usage", "--auto-approve", *wrong, "--approve", "shrink")
    assert said.code == 5
    assert "note: --approve quantity=CustomerMapping/other matches no tripped guardrail of this plan" in said.err
    assert "shrink" not in said.err
    assert small.additions(ALDER_LINES)["BACKUP-GB"][0] == 121


def test_a_guardrail_of_the_run_exits_with_3_until_it_is_approved(small: Shop) -> None:
    small.edit("workspace.yaml", "money: 2000", "money: 10")
    small.apply()
    small.uses(ALDER, "300")

    said = small("apply", "--only", "usage", "--auto-approve")
    assert said.code == 3
    assert "money: customers that are billed already change by 26.85 USD a month, more than 10.00 USD" in said.err
    assert "--approve money" in said.err

    small.apply("--only", "usage", "--approve", "money")
    assert small.additions(ALDER_LINES)["BACKUP-GB"][0] == 300


def test_no_question_is_asked_if_a_guardrail_of_the_run_tripped(small: Shop) -> None:
    small.edit("workspace.yaml", "money: 2000", "money: 10")
    small.apply()
    small.uses(ALDER, "300")

    said = small("apply", stdin="yes\n")

    assert said.code == 3
    assert "Do you want" not in said.err


def test_an_approval_of_an_unknown_guardrail_is_an_error(small: Shop) -> None:
    said = small("apply", "--auto-approve", "--approve", "quantitty")
    assert said.code == 1
    assert "--approve quantitty: no guardrail has this name" in said.err


def test_the_actions_of_a_held_customer_can_be_approved_when_a_plan_file_is_applied(
    small: Shop, tmp_path: Path
) -> None:
    small.apply()
    small.uses(ALDER, "900")
    file = str(tmp_path / "plan.json")
    assert small("plan", "--out", file).code == 5

    assert small("apply", file).code == 5
    assert small.additions(ALDER_LINES)["BACKUP-GB"][0] == 121
    assert small("apply", file, "--approve", "quantity").code == 0
    assert small.additions(ALDER_LINES)["BACKUP-GB"][0] == 900


def test_a_plan_file_and_only_cannot_be_used_together(small: Shop, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    small("plan", "--out", file)

    said = small("apply", file, "--only", "usage")

    assert said.code == 1
    assert "--only cannot be used with a plan file" in said.err


def test_an_apply_of_an_empty_plan_file_does_nothing(small: Shop, tmp_path: Path) -> None:
    small.apply()
    file = str(tmp_path / "plan.json")
    small("plan", "--out", file)

    assert small("apply", file).out == "Applied: nothing to do.\n"


def test_an_apply_of_a_plan_file_with_incomplete_coverage_exits_with_5(small: Shop, tmp_path: Path) -> None:
    small.world.add_device(small.world.add_customer("Gumtree", small.time).id, small.time, 10**9)
    file = str(tmp_path / "plan.json")
    small("plan", "--out", file)

    said = small("apply", file)
    assert said.code == 5
    assert f"1 customer not accounted for; to see the reasons, run: reconciler show {file}" in said.err
    assert sum(small.counts().values()) == 12


def test_setup_and_usage_can_be_applied_separately(small: Shop) -> None:
    assert small.apply("--only", "setup").out.splitlines()[-1] == "Applied: 11 done."
    assert small.apply("--only", "usage").out.splitlines()[-1] == "Applied: 1 done."


def test_an_apply_of_usage_before_the_setup_exits_with_5_and_creates_nothing(small: Shop) -> None:
    said = small.apply("--only", "usage", code=5)

    assert "is not in ConnectWise yet: apply the setup first" in said.out
    assert not any(small.counts().values())


def test_with_json_standard_output_has_only_the_outcome(small: Shop) -> None:
    said = small("--json", "apply", "--auto-approve")

    assert {result["status"] for result in said.json["results"]} == {"done"}
    assert said.json["plan_digest"].startswith("sha256:")
    assert said.json["requests"] > 12
    assert small("--json", "apply", "--auto-approve").json["results"] == []


def test_with_json_the_plan_is_printed_on_standard_error_before_the_question(small: Shop) -> None:
    said = small("--json", "apply", stdin="yes\n")

    assert "Plan: 12 to create" in said.err
    assert len(said.json["results"]) == 12


def test_an_apply_with_failed_actions_exits_with_4_and_names_them(small: Shop) -> None:
    async def fail(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/agreements"):
            return httpx.Response(400, json={"code": "InvalidObject", "message": "agreements are closed today"})
        return await send(request)

    with small.meddled(fail):
        said = small.apply(code=4)

    assert "failed   Agreement/alder-dental: POST /finance/agreements: ConnectWise responded with 400" in said.out
    assert "agreements are closed today" in said.out
    assert "Applied: 9 done, 1 failed, 2 skipped." in said.out


def test_v_prints_the_requests_by_route_on_standard_error(small: Shop) -> None:
    said = small("-v", "apply", "--auto-approve")

    assert "requests to ConnectWise, 0 of them retries:" in said.err
    assert "1 POST /company/companies" in said.err


def test_a_plan_that_is_applied_under_the_same_lock_is_not_read_again(small: Shop) -> None:
    small.apply()
    small.edit("customers/alder-dental.yaml", "city: Tampa", "city: Miami")
    small.sandbox.log.clear()
    small.apply()

    reads = [each for each in small.sandbox.log.entries if each.method == "GET" and each.path.endswith("/companies")]
    assert len(reads) == 1


async def test_the_first_ctrl_c_asks_to_stop_and_the_second_stops_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    stop = asyncio.Event()
    with command.stop_on_ctrl_c(stop):
        signal.raise_signal(signal.SIGINT)
        await stop.wait()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert "then stopping; press Ctrl-C again to stop at once" in capsys.readouterr().err


@contextmanager
def terminal() -> Iterator[tuple[int, list[bytes]]]:
    """Yield the descriptor of a pseudo-terminal and the list of bytes written to it."""
    ours, theirs = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                return
            if not piece:
                return
            seen.append(piece)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield theirs, seen
    finally:
        os.close(theirs)
        reader.join(timeout=10)
        os.close(ours)


def test_a_terminal_shows_progress_and_colours(small: Shop) -> None:
    with terminal() as (theirs, seen):
        process = small.start("apply", "--auto-approve", on_terminal=theirs)
        process.wait(timeout=60)

    text = b"".join(seen).decode()
    assert process.returncode == 0
    assert "applying" in text
    assert "12/12" in text
    assert "\x1b[32m+ Company/alder-dental\x1b[0m" in text
