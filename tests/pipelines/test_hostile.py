"""Names that are made to break Markdown, HTML, the shell and the log stay names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.pipelines.place import GitHub, Pull

HOSTILE = "`$(touch pwned)`</details>|@all ##[error]x ::debug::x"
"""Text for the name of a company."""
BRANCH = "$(touch${IFS}pwned)`touch${IFS}pwned`;touch${IFS}pwned&'\"@all"
FILE = "manifests/customers/$(touch pwned);`touch pwned`\n::error::pwned .yaml"


@pytest.fixture
def hostile(github: GitHub) -> Pull:
    """Return a pull request whose branch, file and company have such names."""
    github.repository.branch("change")
    customers = github.repository.clone / "manifests" / "customers"
    text = (customers / "alder.yaml").read_text(encoding="utf-8")
    (customers / "alder.yaml").unlink()
    lines = "\n".join((HOSTILE, "::error::pwned", "::add-mask::a"))
    new = text.replace(
        "name: Alder Ltd, addressLine1: 12 Mill Road", f'name: "{HOSTILE[:50]}", addressLine1: "{lines[:50]}"'
    )
    assert new != text
    (github.repository.clone / FILE).write_text(new, encoding="utf-8")
    return github.open(BRANCH)


def pwned(github: GitHub) -> list[Path]:
    return [path for path in github.files.parent.rglob("*") if path.name == "pwned"]


@pytest.mark.story
def test_no_name_is_run_by_a_shell_or_taken_for_a_command(github: GitHub, hostile: Pull) -> None:
    job = github.apply(github.merge(hostile))

    assert job.conclusion == "success", job.log
    assert [job.commands, hostile.jobs["plan"].commands, hostile.jobs["check"].commands] == [[], [], []]
    assert pwned(github) == []


@pytest.mark.story
def test_the_comment_stays_in_its_form(github: GitHub, hostile: Pull) -> None:
    said = github.comment(hostile)
    page = MarkdownIt().render(said)

    assert page.count("<details") == page.count("</details>") > 0  # in a block of code, the name's is escaped
    outside = re.sub("<code.*?</code>", "", page, flags=re.DOTALL)
    assert "@all" not in outside


def test_the_errors_of_a_file_with_such_a_name_are_one_annotation_each(github: GitHub) -> None:
    github.repository.branch("change")
    (github.repository.clone / FILE).write_text("kind: Company\n::error::pwned: [\n", encoding="utf-8")
    pull = github.open(BRANCH)

    assert pull.jobs["check"].conclusion == "failure"
    found = [each for each in pull.jobs["check"].commands if each.name != "notice"]
    assert found
    assert all("customers/" in each.properties for each in found)
    assert pull.jobs["plan"].conclusion == "failure"
    assert "### Plan: failed" in github.comment(pull)
    assert "this is not YAML" in github.comment(pull)
    assert pwned(github) == []
