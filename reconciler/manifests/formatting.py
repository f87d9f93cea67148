"""One layout for all manifests: ruamel writes back what it read, comments and all.

Two spaces for a mapping, four for a list with its dash at two; nothing is reordered, and no value changes: what was
written is parsed again and compared, and a file that would mean something else is left as it is. Line ends stay as
they were.
"""

from __future__ import annotations

from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from reconciler.errors import ReconcilerError
from reconciler.manifests import line_ends
from reconciler.manifests.parsing import parse

_WIDE = 4096
"""Lines are the author's: none is folded."""


class FormatError(ReconcilerError):
    """A file that cannot be formatted, and is left as it is."""


class _Representer(RoundTripRepresenter):
    """Writes `null` out: an empty value looks forgotten, and here it clears a field."""

    def represent_none(self, data: None) -> ScalarNode:  # noqa: ARG002 (ruamel's signature)
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(type(None), _Representer.represent_none)


def formatted(text: str, *, where: str) -> str:
    """The text in the one layout. Raises `FormatError` when it is not in order, or would not mean the same."""
    before = parse(text)
    if before.flaws:
        raise FormatError("is not in order", where=where, advice="reconciler validate says what is wrong")
    if not before.documents:
        return text
    yaml = YAML(typ="rt")
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    try:
        yaml.dump_all(list(yaml.load_all(line_ends.unified(text))), out)
    except YAMLError as error:
        raise FormatError(f"cannot be written back: {error}", where=where, advice="it is left as it is") from None
    except (ValueError, TypeError, AttributeError, AssertionError, RecursionError, NotImplementedError) as error:
        # ruamel's own faults with rare forms; what it would have written is not known to be right
        what = f"cannot be written back (ruamel.yaml: {type(error).__name__})"
        raise FormatError(what, where=where, advice="it is left as it is") from None
    after = line_ends.as_before(out.getvalue(), text)
    if parse(after).documents != before.documents:
        raise FormatError("would not mean the same in another layout", where=where, advice="it is left as it is")
    return after
