"""Tests of `reconciler test`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reconciler.cli.main import run
from reconciler.manifests import files
from tests.shop import Said

ROOT = Path(__file__).parent.parent.parent
GOOD = """
cases:
  - name: Alder pays for whole gigabytes
    mapping: alder-dental
    period: 2026-11
    usage: [{from: 2026-11-01, used: 120.4 GB}]
    expect:
      lines:
        - {product: backup-gb, quantity: 121, unitPrice: 0.15, amount: 18.15}
      money: 18.15
"""
Command = Callable[..., Said]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with the example estate and one case. Commands run in its folder."""
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/alder.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def test(repository: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs `reconciler test` with arguments."""

    def called(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(["test", *arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return called


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))


def git(*arguments: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def test_the_cases_of_the_example_estate_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other YAML files in tests/ of this repository, such as cassettes, are no cases."""
    monkeypatch.chdir(ROOT)

    assert run(["test"]) == 0
    shown = capsys.readouterr().out
    assert "11 cases in 1 file passed." in shown
    assert "YAML files without `cases` left out" in shown


def test_cases_that_pass_exit_with_0(test: Command) -> None:
    said = test()

    assert (said.code, said.out, said.err) == (0, "1 case in 1 file passed.\n", "")


def test_a_case_that_fails_is_shown_side_by_side_with_its_trace(test: Command) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    said = test()

    assert said.code == 1
    assert said.out == (
        "FAILED tests/alder.yaml:3:11 Alder pays for whole gigabytes (CustomerMapping/alder-dental, 2026-11)\n"
        "                           expected   actual\n"
        "  ─────────────────────────────────────────────────────────────────────\n"
        "  unit price of backup-gb  0.15 USD   0.18 USD   tests/alder.yaml:9:58\n"
        "  amount of backup-gb      18.15 USD  21.78 USD  tests/alder.yaml:9:72\n"
        "  money                    18.15 USD  21.78 USD  tests/alder.yaml:10:14\n"
        "  state      billed\n"
        "  lines      backup-gb: 121 GB at 0.18 = 21.78 USD from 2026-11-01, cost 7.26, margin 14.52\n"
        "  trace      120.4 GB used at 2026-11-30 23:00\n"
        "             121 GB, rounded up to a multiple of 1\n"
        "\n"
        "1 of 1 case in 1 file failed.\n"
    )


def test_json_has_every_case_with_what_came_out(test: Command) -> None:
    edit("tests/alder.yaml", "money: 18.15", "money: 18")
    said = test("--json")

    assert said.code == 1
    assert said.json["summary"] == {"cases": 1, "passed": 0, "failed": 1, "files": 1}
    (case,) = said.json["cases"]
    assert (case["name"], case["file"], case["line"]) == ("Alder pays for whole gigabytes", "tests/alder.yaml", 3)
    assert case["outcome"]["lines"][0]["amount"] == "18.15"
    assert case["mismatches"] == [
        {
            "what": "money",
            "form": "amount",
            "expected": "18",
            "actual": "18.15",
            "path": "money",
            "line": 10,
            "column": 14,
        }
    ]


def test_annotations_of_github_are_at_the_line_of_the_expectation(test: Command) -> None:
    edit("tests/alder.yaml", "money: 18.15", "money: 18")
    said = test("--format", "github")

    assert said.code == 1
    assert said.out == (
        "::error file=tests/alder.yaml,line=10,col=14::Alder pays for whole gigabytes: money: expected 18.00 USD, "
        "got 18.15 USD%0A120.4 GB used at 2026-11-30 23:00%0A121 GB, rounded up to a multiple of 1\n"
    )
    assert said.err == "1 of 1 case in 1 file failed.\n"


def test_junit_is_written_beside_the_result(test: Command) -> None:
    edit("tests/alder.yaml", "Alder pays for whole gigabytes", '"<Alder> & \\u0007co"')
    edit("tests/alder.yaml", "money: 18.15", "money: 18")
    said = test("--junit", "report.xml")

    assert said.code == 1
    root = ElementTree.parse("report.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "1", "1")
    (suite,) = root
    assert (suite.tag, suite.get("name"), suite.get("tests")) == ("testsuite", "tests/alder.yaml", "1")
    (case,) = suite
    assert case.get("name") == "<Alder> & \N{REPLACEMENT CHARACTER}co"
    assert case.get("classname") == "CustomerMapping/alder-dental"
    (failure,) = case
    assert failure.get("message") == "money: expected 18.00 USD, got 18.15 USD"
    assert "121 GB, rounded up to a multiple of 1" in str(failure.text)


def test_a_report_that_cannot_be_written_is_an_error(test: Command) -> None:
    said = test("--junit", "nowhere/report.xml")

    assert said.code == 1
    assert "nowhere/report.xml" in said.err


def test_paths_name_files_and_folders(test: Command, repository: Path) -> None:
    more = repository / "more" / "deep"
    more.mkdir(parents=True)
    (more / "birch.yml").write_text(GOOD.replace("Alder pays", "Also"))
    (more / "link.yaml").symlink_to("birch.yml")

    assert "1 case in 1 file" in test("more").out
    assert "2 cases in 2 files" in test("more", "tests/alder.yaml").out
    assert "1 case in 1 file" in test(str(more / "birch.yml")).out


def test_a_path_that_does_not_exist_is_an_error(test: Command) -> None:
    said = test("nowhere.yaml")

    assert (said.code, said.out) == (1, "")
    assert "nowhere.yaml: does not exist" in said.err


def test_an_empty_path_or_filter_is_an_error(test: Command) -> None:
    """It comes from a variable that is not set, and would run or rewrite more than meant."""
    assert "error: PATH: the path is empty" in test("").err
    assert "error: --filter: the text is empty" in test("--filter", "").err


def test_without_cases_the_command_says_where_they_belong(test: Command, repository: Path) -> None:
    """A repository need not have cases. A file or folder that the user names must have some: it may be misspelt."""
    (repository / "tests/alder.yaml").unlink()
    (repository / "empty").mkdir()

    said = test()
    assert (said.code, said.out) == (0, "There are no price cases.\n")
    assert "note: there are no price cases. Write them into tests/*.yaml" in said.err
    shutil.rmtree(repository / "tests")
    assert test().code == 0
    assert test("empty").code == 1
    assert test("--json").json["cases"] == []


def test_a_filter_runs_only_the_cases_with_its_text_in_their_names(test: Command) -> None:
    assert "1 case" in test("--filter", "WHOLE").out
    said = test("--filter", "whoel")
    assert said.code == 1
    assert "no case has whoel in its name" in said.err


def test_errors_of_files_are_the_result(test: Command, repository: Path) -> None:
    edit("tests/alder.yaml", "alder-dental", "alder-dentl")
    expected = "tests/alder.yaml:4:14: error: there is no CustomerMapping/alder-dentl\n"

    said = test()
    assert (said.code, said.err) == (1, "")
    assert said.out.startswith(expected)
    assert "did you mean alder-dental" in said.out
    said = test("--format", "github")
    assert said.out.startswith("::error file=tests/alder.yaml,line=4,col=14::there is no CustomerMapping/alder-dentl")
    said = test("--format", "markdown")
    assert said.out.startswith("<!-- reconciler price_cases -->\n### Price cases: failed\n")
    said = test("--json")
    assert (said.code, said.json["error"]["where"]) == (1, "tests/alder.yaml:4:14")


def test_a_file_whose_cases_are_misspelt_is_an_error(test: Command) -> None:
    edit("tests/alder.yaml", "cases:", "Case:")
    said = test()

    assert said.code == 1
    assert "tests/alder.yaml:2:1: error: there is no field Case here" in said.out


def test_a_file_that_cannot_be_read_is_an_error(test: Command, repository: Path) -> None:
    (repository / "tests/other.yaml").write_bytes(b"cases: \xff")
    (repository / "tests/lost.yaml").symlink_to("nowhere.yaml")

    said = test()
    assert said.code == 1
    assert "tests/other.yaml:1:8: error: is not UTF-8" in said.out
    assert "tests/lost.yaml: error: is a link to a file that does not exist" in said.out


def test_json_and_another_format_do_not_go_together(test: Command) -> None:
    assert "--json and --format github cannot be used together" in test("--json", "--format", "github").err


def test_errors_of_the_manifests_come_first(test: Command) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: cheap")
    said = test()

    assert (said.code, said.out) == (1, "")
    assert "price: expected a number" in said.err


def test_accept_writes_what_comes_out_and_keeps_everything_else(test: Command, repository: Path) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    edit("tests/alder.yaml", "      money: 18.15", "      money: 18.15 # as agreed")
    said = test("--accept")

    assert said.code == 0
    assert said.out == (
        "ACCEPTED tests/alder.yaml:3:11 Alder pays for whole gigabytes (CustomerMapping/alder-dental, 2026-11)\n"
        "  unit price of backup-gb: 0.15 USD → 0.18 USD\n"
        "  amount of backup-gb: 18.15 USD → 21.78 USD\n"
        "  money: 18.15 USD → 21.78 USD\n"
        "1 case accepted: review the diff before you commit it. 1 case in 1 file passed.\n"
    )
    expected = GOOD.replace("unitPrice: 0.15, amount: 18.15", "unitPrice: 0.18, amount: 21.78")
    expected = expected.replace("money: 18.15", "money: 21.78 # as agreed")
    assert (repository / "tests/alder.yaml").read_text() == expected
    assert test("--accept").out == "1 case in 1 file passed.\n"


def test_accept_leaves_a_case_that_it_cannot_rewrite(test: Command, repository: Path) -> None:
    edit("tests/alder.yaml", "money: 18.15", "money: &m 18")
    said = test("--accept", "--json")

    assert said.code == 1
    assert said.json["accepted"] == []
    assert [case["passed"] for case in said.json["cases"]] == [False]


def test_accept_changes_only_the_cases_of_the_filter(test: Command, repository: Path) -> None:
    other = GOOD.replace("cases:", "").replace("Alder pays", "Also pays").lstrip("\n")
    (repository / "tests/alder.yaml").write_text(GOOD.replace("money: 18.15", "money: 18") + other)
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    said = test("--accept", "--filter", "also")

    assert said.code == 0
    text = (repository / "tests/alder.yaml").read_text()
    assert text.index("money: 18\n") < text.index("money: 21.78\n")


def test_accept_keeps_the_byte_order_mark(test: Command, repository: Path) -> None:
    path = repository / "tests/alder.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("money: 18.15", "money: 18").encode())

    assert test("--accept").code == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + GOOD.encode()


# ── what a change of the manifests does ─────────────────────────────────────────────────────────────────


@pytest.fixture
def committed(repository: Path) -> Path:
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "The example")
    return repository


def test_without_a_change_no_case_changes(test: Command, committed: Path) -> None:
    said = test("--changed-since", "HEAD")

    assert said.code == 0
    assert "No case changes against HEAD (commit " in said.out


def test_a_changed_price_shows_which_cases_change(test: Command, committed: Path) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    edit("tests/alder.yaml", "unitPrice: 0.15, amount: 18.15", "unitPrice: 0.18, amount: 21.78")
    edit("tests/alder.yaml", "money: 18.15", "money: 21.78")
    said = test("--changed-since", "HEAD")

    assert said.code == 0
    assert "1 case changes against HEAD" in said.out
    assert "18.15 → 21.78 USD a month (+3.63), in all." in said.out
    assert "its expectation was changed, too" in said.out
    assert "    unit price of backup-gb: 0.15 USD → 0.18 USD\n" in said.out
    assert "    money: 18.15 → 21.78 USD a month (+3.63)\n" in said.out
    changes = test("--changed-since", "HEAD", "--json").json["changes"]
    assert changes["money"] == {"before": "18.15", "after": "21.78"}
    (case,) = changes["cases"]
    assert (case["expectation"], case["passed"]) == ("changed", True)
    assert (case["before"]["money"], case["after"]["money"]) == ("18.15", "21.78")


def test_a_case_whose_expectation_was_not_changed_fails(test: Command, committed: Path) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    said = test("--changed-since", "HEAD")

    assert said.code == 1
    assert "(CustomerMapping/alder-dental, 2026-11); it fails\n" in said.out


def test_a_new_case_and_a_removed_case_are_named(test: Command, committed: Path) -> None:
    edit("tests/alder.yaml", "Alder pays for whole gigabytes", "Another name")
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    said = test("--changed-since", "HEAD")

    assert "; a new case; it fails" in said.out
    assert "1 case removed: tests/alder.yaml: Alder pays for whole gigabytes" in said.out


def test_all_cases_of_a_removed_file_are_named(test: Command, committed: Path) -> None:
    (committed / "tests/alder.yaml").unlink()

    assert "1 case removed: tests/alder.yaml: Alder pays" in test("--changed-since", "HEAD").out


def test_of_a_named_file_only_its_own_cases_count(test: Command, committed: Path) -> None:
    (committed / "tests/other.yaml").write_text(GOOD)
    git("add", "-A")
    git("commit", "-qm", "Another file")
    (committed / "tests/alder.yaml").unlink()

    assert "removed" not in test("--changed-since", "HEAD", "tests/other.yaml").out


def test_cases_outside_the_working_folder_have_their_whole_path(
    test: Command, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("tests/alder.yaml", "money: 18.15", "money: 18")
    monkeypatch.chdir(repository / "manifests" / "customers")
    said = test("-C", "..", "--format", "github")

    assert f"::error file={repository.as_posix()}/tests/alder.yaml,line=10" in said.out


def test_a_folder_that_cannot_be_read_is_an_error(test: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    find = files.find

    def unreadable(root: Path, *more: Any) -> list[files.FoundFile]:
        if root.name == "tests":
            raise PermissionError(13, "Permission denied", "tests/secret")
        return find(root, *more)

    monkeypatch.setattr(files, "find", unreadable)
    said = test()

    assert said.code == 1
    assert "tests/secret: cannot be read: Permission denied" in said.err


def test_a_case_of_a_new_mapping_has_nothing_before(test: Command, committed: Path) -> None:
    text = (committed / "manifests/customers/alder-dental.yaml").read_text()
    new = text.replace("alder-dental", "new-dental").replace("AlderDental", "NewDental").replace("1001001", "1001099")
    (committed / "manifests/customers/new.yaml").write_text(new.replace("Alder Dental", "New Dental"))
    (committed / "tests/new.yaml").write_text(GOOD.replace("alder-dental", "new-dental"))
    said = test("--changed-since", "HEAD")

    assert said.code == 0, said.out + said.err
    assert "mapping: there is no CustomerMapping/new-dental → CustomerMapping/new-dental" in said.out
    assert "money: 18.15 USD a month" in said.out
    assert "1 case changes against HEAD" in said.out
    assert "18.15 USD a month, as before, in all." in said.out


def test_a_commit_with_broken_manifests_cannot_be_compared(test: Command, committed: Path) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: cheap")
    git("commit", "-qam", "Break it")
    edit("manifests/products.yaml", "price: cheap", "price: 0.15")
    said = test("--changed-since", "HEAD")

    assert said.code == 0
    assert "its manifests are not valid (1 error in 1 file)" in said.out
    assert test("--changed-since", "HEAD", "--json").json["changes"]["problem"] == "1 error in 1 file"


def test_a_link_that_changed_cannot_be_compared(test: Command, committed: Path) -> None:
    (committed / "manifests/link.yaml").symlink_to("products.yaml")
    git("add", "-A")
    said = test("--changed-since", "HEAD")

    assert said.code == 1
    assert "link.yaml is a symbolic link that has changed" in said.err


def test_a_revision_that_does_not_exist_is_an_error(test: Command, committed: Path) -> None:
    assert "Git has no commit nowhere" in test("--changed-since", "nowhere").err


def test_files_that_the_change_moved_or_removed_are_those_of_the_commit(test: Command, committed: Path) -> None:
    (committed / "manifests/products.yaml").rename(committed / "manifests/prices.yaml")
    edit("manifests/prices.yaml", "price: 0.15", "price: 0.16")
    said = test("--changed-since", "HEAD")

    assert "18.15 → 19.36 USD a month (+1.21), in all." in said.out


def test_the_comment_of_a_pull_request_has_the_money_first(test: Command, committed: Path) -> None:
    edit("manifests/products.yaml", "price: 0.15", "price: 0.18")
    said = test("--changed-since", "HEAD", "--format", "markdown")

    assert said.code == 1
    head, title, _, money, *rest = said.out.splitlines()
    assert head == "<!-- reconciler price_cases -->"
    assert title == "### Price cases: 1 of 1 case in 1 file failed."
    assert "18.15 → 21.78 USD a month (+3.63), in all." in money
    assert "| unit price of backup-gb | 0.15 USD | 0.18 USD |" in rest


def test_the_json_can_be_read_again(test: Command) -> None:
    assert json.loads(test("--json").out)["summary"]["passed"] == 1
