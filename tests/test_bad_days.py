"""Failures from end to end: the message says what to do, the exit code is right, and nothing is lost or made twice."""

from __future__ import annotations

import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.main import run
from reconciler.ledger import store
from reconciler.ledger.store import Ledger
from tests.shop import ALDER, ALL, Said, Send, Shop

SMALL = 12
"""Documents and additions of an estate with one customer."""


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def refused(said: Said, *words: str, code: int = 1) -> None:
    """Check that a command ended with this exit code and a message with these words, without a traceback."""
    assert said.code == code, said.out[-1000:] + said.err
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err + said.out
    assert len(said.err.strip().splitlines()) >= 2, "no advice"
    for word in words:
        assert word in said.err


def nothing_written(shop: Shop) -> bool:
    return not any(shop.counts().values())


# ── ConnectWise ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", [[], ["auth-404"]])
def test_wrong_credentials(small: Shop, fault: list[str]) -> None:
    small.patch.setenv("CONNECTWISE_PRIVATE_KEY", "not-the-key")
    small.fault(*fault)

    said = small("apply", "--auto-approve")

    refused(said, "publicKey", "privateKey")
    assert "not-the-key" not in said.err
    assert nothing_written(small)


def test_an_unknown_tenant(small: Shop) -> None:
    small.patch.setenv("CONNECTWISE_COMPANY", "nobody")

    refused(small("plan"), "nobody")


def test_a_closed_port(small: Shop) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    small.patch.setenv("CONNECTWISE_SITE", f"http://127.0.0.1:{port}")

    refused(
        small("plan"), f"no complete response from http://127.0.0.1:{port}", "Check the site, the network and the proxy"
    )


def test_a_host_name_that_does_not_resolve(small: Shop) -> None:
    small.patch.setenv("CONNECTWISE_SITE", "https://tenant.invalid")

    refused(
        small("plan"), "no complete response from https://tenant.invalid", "Check the site, the network and the proxy"
    )


def test_plain_http_to_another_machine_is_refused_before_a_key_leaves(small: Shop) -> None:
    small.patch.setenv("CONNECTWISE_SITE", "http://tenant.example")

    refused(small("plan"), "would send the keys unencrypted", "Use https:// for tenant.example")


@pytest.mark.parametrize("path", ["@/login", "@/apis/3.0"])
def test_a_page_of_a_proxy_instead_of_json(small: Shop, path: str) -> None:
    small.fault(f"html{path}")

    refused(small("apply", "--auto-approve"), "is not JSON", "proxy")
    assert nothing_written(small)


@pytest.mark.parametrize("fault", ["truncated@/apis/3.0", "half-json@/apis/3.0"])
def test_a_truncated_response(small: Shop, fault: str) -> None:
    small.fault(fault)

    refused(small("plan"), "GET ")


def test_an_occasional_truncated_response_is_requested_again(small: Shop) -> None:
    small.fault("truncated:6@/apis/3.0")

    small.apply()

    small.fault()
    assert sum(small.counts().values()) == SMALL
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_server_that_fails(small: Shop) -> None:
    small.fault("500@/apis/3.0")

    refused(small("plan"), "ConnectWise responded with 500", "Run again later")


def test_after_a_server_failed_during_an_apply_the_next_run_continues(small: Shop) -> None:
    small.fault("500@/managementSummaryReports", "500@/additions")

    said = small("apply", "--auto-approve")

    assert said.code == 4
    assert "unknown  ManagementSolution/alder-dental" in said.out
    assert "skipped  Addition/alder-dental.storage:backup-gb" in said.out
    assert "Run again" in said.out
    small.fault()
    small.apply()
    assert sum(small.counts().values()) == SMALL


def test_many_429_responses_are_waited_out(small: Shop) -> None:
    small.fault("429:every=2,retry-after=0@/apis/3.0")

    small.apply()

    assert sum(small.counts().values()) == SMALL
    assert {state for _, _, state in small.journal()} == {"done"}


def test_endless_429_responses(small: Shop) -> None:
    small.fault("429:retry-after=60@/apis/3.0")

    refused(small("plan"), "429", "Run again later, or lower maxConcurrency")


def test_a_site_that_redirects_elsewhere_gets_no_keys(small: Shop) -> None:
    with answering(302, b"", {"Location": "https://login.example/"}) as site:
        small.patch.setenv("CONNECTWISE_SITE", site)
        refused(small("plan"), "redirect to login.example")


class answering:  # noqa: N801 - used like a function
    """A server with one response to every request."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_about: object) -> None:
                """Log nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_about: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("now", "word"), [("2026-11-01T06:00:00", "has no time zone"), ("noon", "is not a time")])
def test_a_clock_without_zone(small: Shop, now: str, word: str) -> None:
    refused(small("plan", now=now), word, "2026-11-01T00:00:00Z")
    assert small.sandbox.log.total == 0


def test_a_clock_without_zone_in_the_environment(small: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    small.patch.setenv("RECONCILER_NOW", "2026-11-01 06:00")

    assert run(["-C", str(small.folder), "plan"]) == 1
    assert "has no time zone" in capsys.readouterr().err


def test_usage_without_a_time_zone_is_a_failed_pull_that_bills_nothing(small: Shop) -> None:
    small.apply()
    (small.folder / "usage.csv").write_text(
        "customer_id,customer_name,used,unit,as_of\n1001001,Alder Dental,500,GB,2026-11-01T05:00:00\n", encoding="utf-8"
    )
    workspace = (small.folder / "workspace.yaml").read_text(encoding="utf-8")
    head, _, tail = workspace.partition("      type: cove\n")
    _, _, rest = tail.partition("\n  billing:")
    small.write("workspace.yaml", f"{head}      type: csv\n      unit: GB\n      path: usage.csv\n\n  billing:{rest}")

    said = small.apply("--only", "usage", code=5)

    assert "zone" in said.out
    assert small.additions("Alder Dental - Managed Backup")["BACKUP-GB"][0] == 121


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_that_is_locked(small: Shop) -> None:
    small("plan")
    small.patch.setitem(Ledger.open.__func__.__kwdefaults__, "busy_timeout_ms", 20)
    with closing(sqlite3.connect(small.ledger)) as other:
        other.execute("BEGIN EXCLUSIVE")
        refused(small("apply", "--auto-approve"), "the ledger is locked by another process", "Wait for the other run")
    assert nothing_written(small)


def test_a_ledger_from_a_newer_version(small: Shop) -> None:
    small("plan")
    with closing(sqlite3.connect(small.ledger)) as other, other:
        other.execute(f"UPDATE {store.schema.VERSION_TABLE} SET version_num = '9999'")

    refused(small("apply", "--auto-approve"), "revision 9999", "Run that version or a later one")
    assert nothing_written(small)


def test_a_ledger_that_is_no_database(small: Shop) -> None:
    small.ledger.parent.mkdir()
    small.ledger.write_text("my notes, not a database\n" * 100, encoding="utf-8")

    refused(small("plan"), "not a ledger: it is not a SQLite database", "move this one away")
    assert small.ledger.read_text(encoding="utf-8").startswith("my notes")


def test_after_a_lost_ledger_nothing_is_created_twice(small: Shop) -> None:
    small.apply()
    for path in small.ledger.parent.iterdir():
        path.unlink()

    assert small("plan", "--detailed-exitcode").code == 0
    assert small.apply().out.splitlines()[-1] == "Applied: nothing to do."
    assert sum(small.counts().values()) == SMALL


def full_at(pages: int, patch: pytest.MonkeyPatch) -> None:
    """Let the ledger grow by this number of pages. Then its disk is full."""
    connect = store._sqlite_connect

    def limited(connection: Any, record: Any) -> None:
        connect(connection, record)
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {now + pages}")

    patch.setattr(store, "_sqlite_connect", limited)


def test_a_full_disk_before_anything_is_sent(small: Shop) -> None:
    full_at(1, small.patch)

    refused(small("apply", "--auto-approve"), "the disk is full", "Free some space, then run again")
    assert nothing_written(small)


def test_a_disk_that_fills_in_the_middle_of_an_apply(shop: Shop) -> None:
    shop("plan")
    codes: list[int] = []
    for pages in range(1, 40):  # wherever the disk fills: before the first write, in the middle, at the end
        with shop.patch.context() as patch:
            full_at(pages, patch)
            said = shop("apply", "--auto-approve")
        codes.append(said.code)
        assert "Traceback" not in said.err + said.out
        if said.code == 1:
            assert "the disk is full" in said.err
            assert nothing_written(shop)
        if said.code == 4:
            assert "the disk is full" in said.out
            break
    assert codes[-1] == 4

    shop.apply()

    assert dict(shop.counts()) == ALL
    assert "open" not in {state for _, _, state in shop.journal()}
    assert shop("plan", "--detailed-exitcode").code == 0


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_that_cannot_be_written(small: Shop, tmp_path: Path) -> None:
    refused(small("plan", "--out", str(tmp_path / "no" / "plan.json")), "No such file or directory", "another place")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_plan_written_to_a_full_device_does_not_replace_the_device(small: Shop) -> None:
    refused(small("plan", "--out", "/dev/full"), "/dev/full", "No space left on device", "Free some space")
    assert Path("/dev/full").is_char_device()


def test_a_plan_that_does_not_fit_on_the_disk_leaves_the_old_file_unchanged(small: Shop, tmp_path: Path) -> None:
    small("plan", "--only", "usage")  # the ledger is there by now
    file = tmp_path / "plan.json"
    file.write_text("the old one", encoding="utf-8")

    def quota() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    process = small.start("plan", "--only", "setup", "--out", str(file), preexec_fn=quota)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "error: " in said
    assert "what this run reads is not saved" in said  # the ledger did not fit, either, which stops no plan
    assert "Traceback" not in said
    assert file.read_text(encoding="utf-8") == "the old one"
    assert [path.name for path in tmp_path.iterdir() if "plan" in path.name] == ["plan.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["plan"], ["--json", "plan"], ["usage", "coverage"]])
def test_an_output_that_cannot_be_written(small: Shop, arguments: list[str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = subprocess.run(
            [sys.executable, "-m", "reconciler", "-C", str(small.folder), "--now", small.now, *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert process.returncode == 1
    assert process.stderr == (
        "error: standard output: the result could not be written: No space left on device\n"
        "  Free some space or redirect the output, and run again.\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", ["not JSON"]),
        (b"{", ["not JSON"]),
        (b"\xff\xfe", ["is not UTF-8 text"]),
        (b"[1]", ["it has no format_version, so it is no plan file"]),
        (b'{"format_version": 99}', ["plan file has format 99", "Make the plan again with this version"]),
        (
            b'{"format_version": 1, "workspace": "example"}',
            ["plan file has format 1", "Make the plan again with this version"],
        ),
        (b'{"format_version": 2, "workspace": "example"}', ["Field required", "Make the plan again"]),
    ],
)
def test_a_broken_plan_file(small: Shop, tmp_path: Path, text: bytes, words: list[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(text)

    refused(small("apply", str(file)), str(file), *words)
    refused(small("show", str(file)), *words)
    assert small.sandbox.log.total == 0


def test_a_missing_plan_file(small: Shop, tmp_path: Path) -> None:
    refused(small("apply", str(tmp_path / "plan.json")), "No such file", "reconciler plan --out FILE")


def test_a_plan_file_that_was_edited(small: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    small("plan", "--out", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace('"121"', '"12"'), encoding="utf-8")

    refused(small("apply", str(file)), "the file was edited after it was made", "An edited plan file is refused")
    assert nothing_written(small)


def test_a_missing_manifest_folder(small: Shop) -> None:
    said = small("-C", str(small.folder / "elsewhere"), "plan")
    assert said.code == 1
    assert "elsewhere: error: the manifest folder does not exist" in said.err


def test_all_mistakes_in_manifests_are_reported_at_once_and_nothing_is_read(small: Shop) -> None:
    small.edit("products.yaml", "price: 0.15", "prize: 0.15")
    small.edit("customers/alder-dental.yaml", "company: alder-dental, firstName", "company: alder-dentist, firstName")

    said = small("plan")

    assert said.code == 1
    assert "products.yaml:" in said.err
    assert "alder-dental.yaml:" in said.err
    assert small.sandbox.log.total == 0


def test_a_missing_variable_is_named(small: Shop) -> None:
    small.patch.delenv("CONNECTWISE_CLIENT_ID")

    refused(small("plan"), "CONNECTWISE_CLIENT_ID", "workspace.yaml:13:15: connectwise.clientId")
    assert small.sandbox.log.total == 0


def test_a_missing_variable_of_one_action_is_reported_before_anything_is_written(small: Shop) -> None:
    small.edit("setup.yaml", "password: {env: COVE_PASSWORD}", "password: {env: LOGIN_PASSWORD}")
    assert small("plan").code == 0

    refused(small("apply", "--auto-approve"), "LOGIN_PASSWORD")
    assert nothing_written(small)


def test_a_missing_setup_table_entry_is_reported_with_similar_names(small: Shop) -> None:
    small.edit("defaults.yaml", "type: Managed Service\n", "type: Managed Servise\n")

    said = small("apply", "--auto-approve")

    assert said.code == 1
    assert "/finance/agreements/types" in said.err
    assert "'Managed Servise'" in said.err
    assert "did you mean 'Managed Service'" in said.err
    assert nothing_written(small)


# ── the console ──────────────────────────────────────────────────────────────────────────────────────────


def test_if_the_console_cannot_be_read_its_customers_are_held_and_the_setup_is_applied(small: Shop) -> None:
    small.fault("html@/jsonapi")

    said = small.apply(code=5)

    assert said.out.count("the pull at") == 1
    assert "1 mapped customer is held at its last quantity" in said.out
    assert (small.counts()["agreement"], small.counts()["addition"]) == (1, 0)


# ── Ctrl-C ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_during_an_apply_lets_requests_in_flight_finish(shop: Shop, number: int) -> None:
    shop.sandbox.latency_ms = 40
    process = shop.start("apply", "--auto-approve")
    shop.until(lambda: shop.counts()["company"] > 0, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    shop.sandbox.latency_ms = 0

    assert process.returncode == 4, out[-500:] + err
    assert "finishing the requests in flight, then stopping; press Ctrl-C again to stop at once" in err
    assert "Traceback" not in err
    assert out.splitlines()[-1].endswith("Interrupted. Run again to continue.")
    assert {state for _, _, state in shop.journal()} == {"done"}
    made = sum(shop.counts().values())
    assert 0 < made < sum(ALL.values())

    said = shop.apply()

    assert said.out.splitlines()[-1] == f"Applied: {sum(ALL.values()) - made} done."
    assert dict(shop.counts()) == ALL
    assert shop("plan", "--detailed-exitcode").code == 0


def test_ctrl_c_during_planning_writes_nothing(shop: Shop) -> None:
    shop.sandbox.latency_ms = 200
    process = shop.start("apply", "--auto-approve")
    shop.until(lambda: shop.sandbox.log.total > 0, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err.strip().splitlines()[-1] == "interrupted; nothing was written to ConnectWise"
    assert "Traceback" not in err
    assert nothing_written(shop)


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────


def outputs(shop: Shop, tmp_path: Path) -> Iterator[str]:
    """Yield all output and all files of successful and failed commands."""
    file = tmp_path / "plan.json"
    said = [shop("-v", "plan", "--out", str(file)), shop("show", str(file)), shop("-v", "apply", str(file))]
    said += [shop("usage", *each) for each in (["pull"], ["coverage"], ["report"])]
    said += [shop("--json", "apply", "--auto-approve"), shop("--json", "plan")]
    shop.fault("html@/apis/3.0")
    said.append(shop("-v", "plan"))
    shop.fault("500@/jsonapi")
    said.append(shop("-v", "usage", "pull"))
    for each in said:
        yield each.out
        yield each.err
    yield file.read_text(encoding="utf-8")
    yield shop.kept_bytes().decode("latin-1")


def test_no_secret_is_in_any_output_or_file(small: Shop, tmp_path: Path) -> None:
    texts = list(outputs(small, tmp_path))

    for secret in small.secrets():
        assert not [text[:200] for text in texts if secret in text]
    assert any("(sensitive, from $COVE_PASSWORD)" in text for text in texts)


def test_keys_that_a_server_repeats_in_its_refusal_are_not_in_the_output(small: Shop) -> None:
    async def repeat(request: httpx.Request, send: Send) -> httpx.Response:
        if "/apis/3.0" in request.url.path:
            return httpx.Response(400, json={"code": "Bad", "message": str(dict(request.headers))})
        return await send(request)

    with small.meddled(repeat):
        said = small("plan")

    assert said.code == 1
    assert "(secret)" in said.err
    assert not [secret for secret in small.secrets() if secret in said.err]
