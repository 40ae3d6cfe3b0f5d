"""Read TOML with bounded memory, and find all faults in the types of its data.

No other module may import `tomllib` (ruff.toml). It needs about 1 kB for each part of a key, for a
dotted key the square of its parts, and for a number 130 times its length.
"""

import re
import tomllib  # noqa: TID251  here only
from collections.abc import Iterator
from importlib.resources import files
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

MAX_KEY_PARTS = 20
"""Limit on the parts of one key: `a.b` has two."""
MAX_PARTS = 250_000
"""Limit on the parts of all keys. Reading them takes at most 300 MB."""

MAX_NUMBER_CHARS = 1000
"""Limit on the characters of a number, and of a key without quotes."""

_TEXT = re.compile(
    r'"""(?:[^\\"]|\\.|"(?!""))*+"*+'
    r"|'''(?:[^']|'(?!''))*+'*+"
    r'|"(?:[^\\"\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+"
    r"|[ \t\r]++",
    re.DOTALL,
)
"""A string, a comment, or spaces. Without them, a dot in a key separates its parts."""
_BETWEEN_KEYS = re.compile(r"[\n,=\[\]{}]++")

_Data = TypeVar("_Data")


def parse(text: str) -> dict[str, object]:
    """Return the tables of a TOML text.

    Raise ValueError if it is invalid, its keys have too many parts, a key or a number is too long,
    or it is nested too deep.
    """
    rest = _TEXT.sub("", text)
    for piece in _BETWEEN_KEYS.split(rest):
        if piece.count(".") >= MAX_KEY_PARTS:
            raise ValueError(f"a key has more than {MAX_KEY_PARTS} parts")
        if len(piece) > MAX_NUMBER_CHARS:
            message = "a number, or a key without quotes, has more than"
            raise ValueError(f"{message} {MAX_NUMBER_CHARS} characters")
    if rest.count("=") + rest.count(".") + rest.count("\n[") > MAX_PARTS:
        raise ValueError(f"its keys have more than {MAX_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its lists and tables are nested too deep") from None


def load_resource(package: str, name: str, kind: type[_Data]) -> _Data:
    return msgspec.convert(parse(files(package).joinpath(name).read_text("utf-8")), kind)


def find_faults(
    data: object,
    kind: Any,  # noqa: ANN401  any type
    hint: str,
    place: str = "",
) -> Iterator[tuple[str, str]]:
    """Yield each part of the data that does not have its type, with what is allowed, or `hint`.

    msgspec stops at the first one. `kind` is a type that it can convert to. `place` says where the
    data is.
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
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    elif get_origin(kind) in (Union, UnionType):
        for part in get_args(kind):
            yield from _list_allowed(part)


def _join(place: str, key: str) -> str:
    return f"{place}, {key}" if place else key


def _locate(message: str, place: str) -> str:
    return f"{place}: {message}" if place else message
