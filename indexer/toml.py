"""Read TOML with bounded memory. No other module may import `tomllib` (ruff.toml).

`tomllib` needs about 1 kB for each part of a key, for a dotted key the square of its parts, and for
a number 130 times its length.
"""

from __future__ import annotations

import re
import tomllib  # noqa: TID251  here only
from importlib.resources import files
from typing import TypeVar

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
    """Return a TOML file of a package as a type."""
    return msgspec.convert(parse(files(package).joinpath(name).read_text("utf-8")), kind)
