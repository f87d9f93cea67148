"""Import an estate that exists into manifests, over real HTTP against the sandbox."""

from __future__ import annotations

import shutil

import pytest

from tests.shop import Shop


def only_the_workspace(shop: Shop) -> None:
    """Remove all manifests but the workspace, so that the tenant exists and its manifests do not."""
    shutil.rmtree(shop.folder / "customers")
    for name in ("defaults.yaml", "products.yaml", "setup.yaml"):
        (shop.folder / name).unlink()


def files(shop: Shop) -> dict[str, bytes]:
    """Return the content of every file of the manifest folder."""
    found = (path for path in shop.folder.rglob("*") if path.is_file())
    return {path.relative_to(shop.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def estate(shop: Shop) -> Shop:
    """Return a shop whose tenant has the example estate, and whose manifests have only the workspace."""
    shop.apply()
    only_the_workspace(shop)
    return shop


def test_an_estate_becomes_manifests_with_an_empty_plan(estate: Shop) -> None:
    said = estate("import")

    assert said.code == 0, said.err
    assert estate("validate").code == 0
    plan = estate.plan("--only", "setup")
    assert plan["actions"] == []
    assert plan["summary"]["unchanged"] > 20


def test_a_second_import_changes_no_byte(estate: Shop) -> None:
    estate("import")
    before = files(estate)

    said = estate("--json", "import")

    assert said.json["files"] == []
    assert files(estate) == before


def test_the_formatter_accepts_what_import_writes(estate: Shop) -> None:
    estate("import")

    assert estate("fmt", "--check").code == 0


def test_a_customer_with_our_tag_is_mapped_again(estate: Shop) -> None:
    said = estate("--json", "import")

    alder = next(each for each in said.json["proposals"] if each["customer"] == "1001001")
    assert (alder["confidence"], alder["proposed"]) == ("certain", False)
    assert estate("apply", "--only", "usage", "--auto-approve").code in (0, 5)
    assert len(estate.additions("Alder Dental - Managed Backup")) == 1
