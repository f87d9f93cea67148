"""Reading and matching accept any text that a tenant may hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject, keys_of
from reconciler.kinds.registry import all_kinds
from reconciler.live.match import Matcher
from reconciler.planning.diff import manifest_values
from tests.planning.builders import agreement, company, contact, integration, login, manifests, product, solution

ODD = ["", " ", "\u00a0", "\u200b", "\x00", "\n", '"', "\\", "*", "[x]", "&amp;", "None", "null", "\ud800", "é" * 500]
TEXT = st.none() | st.sampled_from(ODD) | st.text(max_size=20)
DOCUMENTS = (company(), contact(), agreement(), product(), login(), integration(), solution())
KINDS = [of for of in all_kinds().values() if of.collection]


def raws(of: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a kind with odd texts, references with odd names, and missing fields."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for item in of.fields:
        for path in item.mapping.reads:
            name, _, below = path.partition("/")
            if item.mapping.array:
                continue
            if name.endswith("Flag"):
                fields[name] = st.none() | st.booleans()
            elif below or item.mapping.target is not None or name == "managementSolution":
                inner = {"name": TEXT, "identifier": TEXT, "setupName": TEXT}
                fields[name] = st.none() | st.fixed_dictionaries({"id": st.integers(1, 9)}, optional=inner)
            elif name in {"price", "cost", "quantity", "unitPrice", "unitCost", "lessIncluded"}:
                fields[name] = st.none() | st.integers(0, 9)
            elif name != "id" and item.mapping.subcollection is None:
                fields[name] = TEXT
    item_of_array = st.fixed_dictionaries({"value": TEXT, "communicationType": TEXT, "caption": TEXT})
    fields["communicationItems"] = st.none() | st.lists(item_of_array, max_size=2)
    fields["customFields"] = st.none() | st.lists(item_of_array, max_size=2)
    return st.fixed_dictionaries({}, optional=fields)


@pytest.mark.parametrize("of", KINDS, ids=lambda of: of.name)
@given(data=st.data())
def test_no_text_of_a_tenant_raises_an_error(of: Kind, data: st.DataObject) -> None:
    found = data.draw(st.lists(raws(of), max_size=4))
    objects = [LiveObject(of.name, number, raw, 5) for number, raw in enumerate(found, start=1)]
    matcher = Matcher(manifests(*DOCUMENTS))
    matcher.add(of, objects)

    matcher.matches(DOCUMENTS)

    for obj in objects:
        assert manifest_values(of, of.by_name, obj) is not None
        for key in keys_of(of, obj):
            assert len(key) == len(of.key)


@pytest.mark.parametrize("of", [document.kind for document in DOCUMENTS], ids=lambda of: of.name)
def test_an_object_without_a_key_matches_no_document(of: Kind) -> None:
    matcher = Matcher(manifests(*DOCUMENTS))
    matcher.add(of, [LiveObject(of.name, number, {"id": number}, 5) for number in (1, 2)])

    assert matcher.matches(document for document in DOCUMENTS if document.kind is of) == {}
