"""Say in words what a declared type allows, for error messages about documents and policies."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect


def allowed_values(field_type: Any) -> str:
    """Describe the legal values of a type, e.g. ``a number from 0 to 100``.

    Parameters
    ----------
    field_type
        A type as msgspec understands it: ``Literal[…]``, ``Annotated[int, Meta(ge=0)]``, unions …
    """
    return describe(inspect.type_info(field_type))


def field_types(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Types of a struct's fields by the name they have in the input."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def describe(info: inspect.Type) -> str:
    """Describe the legal values of a type that is already taken apart."""
    in_words = _DESCRIPTIONS.get(type(info))
    return in_words(info) if in_words else type(info).__name__.removesuffix("Type").lower()


def _union(info: Any) -> str:
    parts = [part for part in info.types if not isinstance(part, inspect.NoneType)]
    return " or ".join(describe(part) for part in parts)


def _literal(info: Any) -> str:
    return "one of " + ", ".join(str(value) for value in info.values)


def _text(info: Any) -> str:
    if info.pattern is not None:
        return f"a text like {info.pattern}"
    if info.max_length is None:
        return "a text"
    return f"a text of at most {info.max_length} characters"


def _bounded(noun: str) -> Callable[[Any], str]:
    def in_words(info: Any) -> str:
        low = info.ge if info.ge is not None else info.gt
        high = info.le if info.le is not None else info.lt
        if low is not None and high is not None:
            return f"{noun} from {low:g} to {high:g}"
        if low is not None:
            return f"{noun} of at least {low:g}"
        return noun if high is None else f"{noun} of at most {high:g}"

    return in_words


def _list(info: Any) -> str:
    return f"a list, each item {describe(info.item_type)}"


def _collection(info: Any) -> str:
    return f"a table whose values are each {describe(info.value_type)}"


_DESCRIPTIONS: dict[type, Callable[[Any], str]] = {
    inspect.UnionType: _union,
    inspect.LiteralType: _literal,
    inspect.StrType: _text,
    inspect.IntType: _bounded("a whole number"),
    inspect.FloatType: _bounded("a number"),
    inspect.BoolType: lambda _: "true or false",
    inspect.DateType: lambda _: "a date (2026-01-01)",
    inspect.ListType: _list,
    inspect.VarTupleType: _list,
    inspect.DictType: _collection,
    inspect.StructType: lambda info: f"a table ({info.cls.__name__})",
    inspect.Metadata: lambda info: describe(info.type),
}
