"""Format manifests: the same indentation everywhere, without changing values, comments, order or line ends.

Mappings are indented by two spaces, and lists by four with the dash at two. ruamel.yaml writes the text. Then it is
parsed again and compared, and a file whose values would change is not written.
"""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from reconciler.errors import ReconcilerError
from reconciler.manifests import line_ends
from reconciler.manifests.parsing import parse

_FLOAT: Final = "tag:yaml.org,2002:float"
_WIDE = 10**9
"""The line width for ruamel.yaml, large enough that it wraps no line."""


_UNCHANGED = "the file is not changed"


class FormatError(ReconcilerError):
    """A file cannot be formatted. It is not changed."""


class _Representer(RoundTripRepresenter):
    """Writes `null` instead of an empty value, because `null` clears a field and an empty value looks forgotten."""

    def represent_none(self, data: None) -> ScalarNode:  # noqa: ARG002 - ruamel.yaml calls it with the value
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


class _LongNumber(str):
    """The text of a number with more digits than a float holds."""

    __slots__ = ()


def _represent_long_number(representer: RoundTripRepresenter, data: _LongNumber) -> ScalarNode:
    return representer.represent_scalar(_FLOAT, str(data))


_Representer.add_representer(type(None), _Representer.represent_none)
_Representer.add_representer(_LongNumber, _represent_long_number)


class _Constructor(RoundTripConstructor):
    """Keeps the text of a number that a float would round. ruamel.yaml reads a number with a point as a float."""

    def construct_yaml_float(self, node: ScalarNode) -> Any:
        """Return the number of a node, or its text if it has too many digits."""
        digits = sum(letter.isdigit() for letter in node.value)
        if node.anchor is None and digits > sys.float_info.dig:
            return _LongNumber(node.value)
        return super().construct_yaml_float(node)


_Constructor.add_constructor(_FLOAT, _Constructor.construct_yaml_float)


def formatted(text: str, *, where: str) -> str:
    """Return the formatted text. `where` is the file's name for messages.

    Raises `FormatError` if the text has YAML errors, or if its values would change.
    """
    before = parse(text)
    if before.flaws:
        raise FormatError("has YAML errors", where=where, advice="run reconciler validate to see them")
    if not before.documents:
        return text
    yaml = YAML(typ="rt")
    yaml.Representer = _Representer
    yaml.Constructor = _Constructor
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    try:
        yaml.dump_all(list(yaml.load_all(line_ends.unified(text))), out)
    except YAMLError as error:
        raise FormatError(f"cannot be formatted: {error}", where=where, advice=_UNCHANGED) from None
    except (ValueError, TypeError, AttributeError, AssertionError, RecursionError, NotImplementedError) as error:
        # ruamel.yaml itself fails on rare forms of YAML
        what = f"cannot be formatted (ruamel.yaml: {type(error).__name__})"
        raise FormatError(what, where=where, advice=_UNCHANGED) from None
    after = line_ends.as_before(out.getvalue(), text)
    if parse(after).documents != before.documents:
        raise FormatError("cannot be formatted without changing a value", where=where, advice=_UNCHANGED)
    return after
