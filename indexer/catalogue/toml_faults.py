"""Find all faults in the types of TOML data. msgspec stops at the first one."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec


def find_faults(
    data: object, kind: Any, hint: str, place: str = ""  # noqa: ANN401  any type
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Yield each part of the data that does not have its type, with what is allowed, or `hint`.

    `kind` is a type that msgspec can convert to. `place` says where the data is.
    """
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        message = str(error).partition(" - at ")[0]
    else:
        return
    arguments = get_args(kind)
    if isinstance(data, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _find_faults_of_keys(data, kind, hint, place)
    elif isinstance(data, dict) and get_origin(kind) is dict:
        for key, value in data.items():
            yield from find_faults(value, arguments[1], hint, _join(place, key))
    elif isinstance(data, list) and get_origin(kind) is tuple and arguments[-1] is ...:
        for number, value in enumerate(data, 1):
            label = value.get("name") or value.get("file") if isinstance(value, dict) else None
            number_place = f"{place} {number}" + (f" ({label})" if isinstance(label, str) else "")
            yield from find_faults(value, arguments[0], hint, number_place)
    else:
        allowed = ", ".join(map(str, _list_allowed(kind)))
        yield _locate(message, place), f"Use one of: {allowed}" if allowed else hint


def _find_faults_of_keys(
    data: dict[str, object], kind: type[msgspec.Struct], hint: str, place: str
) -> Iterator[tuple[str, str]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in data:
        if key not in fields:
            yield _locate(f"unknown field `{key}`", place), f"Use one of: {', '.join(fields)}"
    for name, field in fields.items():
        if name in data:
            yield from find_faults(data[name], field.type, hint, _join(place, name))
        elif field.required:
            yield _locate(f"missing required field `{name}`", place), hint


def _list_allowed(kind: Any) -> Iterator[object]:  # noqa: ANN401  any type
    """Yield the values that a type allows, if they are listed."""
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    elif get_origin(kind) in (Union, UnionType):
        for part in get_args(kind):
            yield from _list_allowed(part)


def _join(place: str, key: str) -> str:
    return f"{place}, {key}" if place else key


def _locate(message: str, place: str) -> str:
    return f"{place}: {message}" if place else message
