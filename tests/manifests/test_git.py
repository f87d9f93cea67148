"""The differences that Git reports: revisions from outside, odd names and links, and clones without the revision."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from reconciler.errors import ReconcilerError
from reconciler.manifests import git
from reconciler.manifests.git import differences, write_tree
from reconciler.manifests.touched import load_changed

from .conftest import CUSTOMER, WORKSPACE
from .test_touched import write


def call(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(
        ["git", *who, "-c", "init.defaultBranch=main", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, text: str = "a change") -> str:
    call(folder, "add", "-A")
    call(folder, "commit", "-qm", text)
    return call(folder, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a manifest folder below the root of a repository, with one commit."""
    folder = tmp_path / "repository" / "deep" / "manifests"
    folder.mkdir(parents=True)
    write(folder, {"workspace.yaml": dedent(WORKSPACE).lstrip("\n"), "acme.yaml": dedent(CUSTOMER).lstrip("\n")})
    call(tmp_path / "repository", "init", "-q")
    commit(folder)
    return folder


def edit(root: Path, name: str = "acme.yaml", old: str = "Berlin", new: str = "Bonn") -> None:
    path = root / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def touched(root: Path, revision: str = "HEAD") -> set[str]:
    return set(load_changed(root, revision).touched)


def test_no_file_differs_right_after_a_commit(root: Path) -> None:
    found = differences(root, "HEAD")

    assert found.before == {}
    assert found.commit == call(root, "rev-parse", "HEAD")


def test_a_file_is_returned_as_it_was(root: Path) -> None:
    old = (root / "acme.yaml").read_bytes()
    edit(root)

    assert differences(root, "HEAD").before == {"acme.yaml": old}


def test_staged_untracked_and_ignored_files_count(root: Path) -> None:
    (root / ".gitignore").write_text("ignored.yaml\n", encoding="utf-8")
    for name in ("staged.yaml", "untracked.yaml", "ignored.yaml"):
        (root / name).write_text("# new\n", encoding="utf-8")
    call(root, "add", "staged.yaml")

    found = differences(root, "HEAD").before

    assert {name: found[name] for name in found if name.endswith(".yaml")} == dict.fromkeys(
        ("staged.yaml", "untracked.yaml", "ignored.yaml")
    )


def test_a_removed_and_a_renamed_file_are_both_there(root: Path) -> None:
    old = (root / "acme.yaml").read_bytes()
    call(root, "mv", "acme.yaml", "other.yaml")

    assert differences(root, "HEAD").before == {"acme.yaml": old, "other.yaml": None}
    assert touched(root) == set()


def test_files_outside_of_the_manifest_folder_do_not_count(root: Path) -> None:
    (root.parent / "other.yaml").write_text("# new\n", encoding="utf-8")
    commit(root)

    assert differences(root, "HEAD~1").before == {}


@pytest.mark.parametrize("name", ["ü ö.yaml", 'quo"te.yaml', "new\nline.yaml", "tab\t.yaml", "-leading.yaml"])
def test_odd_names_are_read_as_they_are(root: Path, name: str) -> None:
    (root / "acme.yaml").rename(root / name)
    commit(root)
    edit(root, name)

    assert [*differences(root, "HEAD").before] == [name]
    assert "Company/acme" in touched(root)


def test_a_branch_is_compared_where_it_was_left(root: Path) -> None:
    call(root, "switch", "-qc", "work")
    edit(root)
    commit(root)
    call(root, "switch", "-q", "main")
    (root / "other.yaml").write_text("# of main\n", encoding="utf-8")
    commit(root)
    call(root, "switch", "-q", "work")

    assert [*differences(root, "main").before] == ["acme.yaml"]


@pytest.mark.parametrize(
    "revision",
    [
        "",
        "-h",
        "--help",
        "--output=stolen",
        "-O/etc/passwd",
        "no-such-branch",
        "HEAD:deep",
        "HEAD..HEAD",
        "HEAD\nHEAD",
        "$(touch stolen)",
        "; touch stolen",
        "\x00",
    ],
)
def test_a_hostile_or_unknown_revision_is_an_error_and_runs_nothing(root: Path, revision: str) -> None:
    before = sorted(root.rglob("*"))

    with pytest.raises(ReconcilerError, match="Git has no commit") as caught:
        differences(root, revision)

    assert "such as origin/main" in caught.value.advice
    assert sorted(root.rglob("*")) == before


def test_a_shallow_clone_without_the_revision_names_the_remedy(root: Path, tmp_path: Path) -> None:
    first = call(root, "rev-parse", "HEAD")
    edit(root)
    commit(root)
    clone = tmp_path / "clone"
    call(tmp_path, "clone", "-q", "--depth", "1", f"file://{root.parents[1]}", str(clone))

    with pytest.raises(ReconcilerError, match="Git has no commit") as caught:
        differences(clone / "deep" / "manifests", first)

    assert "The clone is shallow." in caught.value.advice
    assert "fetch-depth: 0" in caught.value.advice


def test_a_shallow_clone_without_a_common_commit_names_the_remedy(root: Path, tmp_path: Path) -> None:
    call(root, "switch", "-qc", "work")
    edit(root)
    commit(root)
    call(root, "switch", "-q", "main")
    (root / "other.yaml").write_text("# of main\n", encoding="utf-8")
    commit(root)
    clone = tmp_path / "clone"
    source = f"file://{root.parents[1]}"
    call(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", "-b", "work", source, str(clone))

    with pytest.raises(ReconcilerError, match="no commit in common") as caught:
        differences(clone / "deep" / "manifests", "origin/main")

    assert "fetch-depth: 0" in caught.value.advice


def test_unrelated_histories_are_an_error(root: Path) -> None:
    call(root, "switch", "-q", "--orphan", "other")
    root.mkdir(parents=True, exist_ok=True)
    (root / "new.yaml").write_text("# new\n", encoding="utf-8")
    commit(root)

    with pytest.raises(ReconcilerError, match="no commit in common") as caught:
        differences(root, "main")

    assert "from which the current branch was made" in caught.value.advice


def test_a_folder_without_a_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="is not in a working tree of Git"):
        differences(tmp_path, "HEAD")


def test_a_repository_without_commits_is_an_error(tmp_path: Path) -> None:
    call(tmp_path, "init", "-q")

    with pytest.raises(ReconcilerError, match="Git has no commit HEAD"):
        differences(tmp_path, "HEAD")


def test_without_git_the_error_says_so(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ReconcilerError, match="Git is not installed"):
        differences(root, "HEAD")


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="there is no folder"):
        differences(tmp_path / "gone", "HEAD")


def test_a_git_that_hangs_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_PATIENCE", 0)

    with pytest.raises(ReconcilerError, match="took more than 0 seconds"):
        differences(root, "HEAD")


def test_a_repository_of_another_user_names_the_remedy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("HOME", str(root))

    with pytest.raises(ReconcilerError, match="does not trust the repository") as caught:
        differences(root, "HEAD")

    assert "git config --global --add safe.directory" in caught.value.advice


def test_the_variables_of_a_hook_are_ignored(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    edit(root)
    other = tmp_path / "other"
    other.mkdir()
    call(other, "init", "-q")
    for name, value in {
        "GIT_DIR": other / ".git",
        "GIT_WORK_TREE": other,
        "GIT_INDEX_FILE": other / "index",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_LITERAL_PATHSPECS": "1",
    }.items():
        monkeypatch.setenv(name, str(value))

    assert [*differences(root, "HEAD").before] == ["acme.yaml"]


@pytest.mark.parametrize(
    "setting",
    ["diff.renames=copies", "diff.noprefix=true", "diff.external=false", "core.quotePath=true", "color.diff=always"],
)
def test_the_settings_of_the_user_do_not_matter(root: Path, setting: str) -> None:
    name, _, value = setting.partition("=")
    call(root, "config", name, value)
    shutil.copy(root / "acme.yaml", root / "copy.yaml")
    call(root, "add", "copy.yaml")
    edit(root)

    assert {*differences(root, "HEAD").before} == {"acme.yaml", "copy.yaml"}


def test_a_linked_worktree_has_its_own_files(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "worktree"
    call(root, "worktree", "add", "-q", str(other))
    edit(other / "deep" / "manifests")

    assert [*differences(other / "deep" / "manifests", "HEAD").before] == ["acme.yaml"]
    assert differences(root, "HEAD").before == {}


def test_a_manifest_folder_behind_a_link_is_found(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    edit(root)

    assert "Company/acme" in touched(link)


def test_a_new_link_counts_as_a_change_of_everything(root: Path) -> None:
    (root / "link.yaml").symlink_to("acme.yaml")
    commit(root)

    assert differences(root, "HEAD~1").links == ["link.yaml"]
    assert load_changed(root, "HEAD~1").whole


def test_a_file_that_is_read_through_a_link_is_compared_under_that_name(root: Path) -> None:
    (root / ".shared").mkdir()
    (root / "acme.yaml").rename(root / ".shared" / "acme.yaml")
    (root / "shared").symlink_to(".shared")
    commit(root)
    edit(root, ".shared/acme.yaml")

    assert "Company/acme" in touched(root)


def test_a_changed_submodule_with_manifests_is_an_error(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    call(other, "init", "-q")
    (other / "new.yaml").write_text("# new\n", encoding="utf-8")
    commit(other)
    call(root, "submodule", "--quiet", "add", str(other), "sub")
    commit(root)
    assert differences(root, "HEAD").submodules == []
    (root / "sub" / "new.yaml").write_text("# changed\n", encoding="utf-8")

    assert differences(root, "HEAD").submodules == ["sub"]
    with pytest.raises(ReconcilerError, match="sub is a submodule of Git that has changed"):
        load_changed(root, "HEAD")


def test_an_untracked_repository_in_the_folder_counts_as_new(root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()
    call(inner, "init", "-q")
    (inner / "acme.yaml").write_bytes((root / "acme.yaml").read_bytes())
    (root / "acme.yaml").unlink()
    commit(inner)

    assert differences(root, "HEAD").folders == ["inner"]
    assert load_changed(root, "HEAD").removed == ()


def test_a_missing_object_names_the_remedy(root: Path) -> None:
    blob = call(root, "rev-parse", "HEAD:./acme.yaml")
    (root / "acme.yaml").unlink()
    path = root.parents[1] / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o600)
    path.unlink()

    with pytest.raises(ReconcilerError, match=f"Git does not have the object {blob}"):
        differences(root, "HEAD")


def test_a_failure_of_git_is_an_error_with_its_message(root: Path) -> None:
    index = root.parents[1] / ".git" / "index"
    index.write_bytes(b"broken")

    with pytest.raises(ReconcilerError, match=r"git (diff|ls-files) ended with 128"):
        differences(root, "HEAD")


def test_git_writes_nothing(root: Path) -> None:
    index = root.parents[1] / ".git" / "index"
    os.utime(root / "acme.yaml")
    before = index.read_bytes()

    differences(root, "HEAD")

    assert index.read_bytes() == before


def test_the_files_of_a_revision_are_written_into_another_folder(root: Path, tmp_path: Path) -> None:
    edit(root)
    into = tmp_path / "then"
    into.mkdir()
    write_tree(root, "HEAD", into)
    assert sorted(each.name for each in into.iterdir()) == ["acme.yaml", "workspace.yaml"]
    assert "Berlin" in (into / "acme.yaml").read_text(encoding="utf-8")
