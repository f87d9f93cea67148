"""Look into the type annotations of model fields."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin


def members(annotation: Any) -> Iterator[Any]:
    """Yield the types in a field's annotation: the members of unions, and the contents of `Annotated` and lists."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from members(get_args(annotation)[0])
    elif origin is Union or origin is types.UnionType:
        for member in get_args(annotation):
            yield from members(member)
    elif origin in {tuple, list}:
        for member in get_args(annotation):
            if member is not Ellipsis:
                yield from members(member)
    else:
        yield annotation
