"""The settings, one row each: its name, its default, and what it is for.

A setting is read from the environment as `PUBSEARCH_` and its name in capitals; the command
line's options come before it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


class SettingError(Exception):
    """A setting that can't be used: which, and why."""


class Setting(msgspec.Struct, frozen=True):
    """One row: a setting's name, its default, and what it is for."""

    name: str
    default: str | int
    help: str


ROWS = (
    Setting("corpus", "corpus", "The folder of what is searched: pages and a catalogue.toml."),
    Setting("index", "index", "The folder of the index; it is made by the first build."),
    Setting("host", "127.0.0.1", "The address on which the server listens."),
    Setting("port", 8000, "The port on which the server listens."),
    Setting("threads", 4, "How many requests the server answers at a time."),
)


class Settings(msgspec.Struct, frozen=True):
    """The settings in force, each as its row in `ROWS` says."""

    corpus: Path
    index: Path
    host: str
    port: int
    threads: int


def load(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """The settings: what is given, else what the environment says, else the defaults.

    Raises SettingError for a value of the wrong kind.
    """
    values = {row.name: _value(row, environment) for row in ROWS}
    values |= {name: value for name, value in given.items() if value is not None}
    return msgspec.convert(values, Settings, strict=False, dec_hook=_path)


def _value(row: Setting, environment: Mapping[str, str]) -> object:
    name = f"PUBSEARCH_{row.name.upper()}"
    value = environment.get(name, row.default)
    if isinstance(row.default, int) and not str(value).isdecimal():
        raise SettingError(f"{name} is {value!r}; it takes a whole number. {row.help}")
    return value


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)
