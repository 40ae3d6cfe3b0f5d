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
    """One row: a setting's name, its default, what it is for, and the bounds of a number."""

    name: str
    default: str | int
    help: str
    least: int = 0
    most: int = 2**31


ROWS = (
    Setting("corpus", "corpus", "The folder of what is searched: pages and a catalogue.toml."),
    Setting("index", "index", "The folder of the index; it is made by the first build."),
    Setting("host", "127.0.0.1", "The address on which the server listens."),
    Setting("port", 8000, "The port on which the server listens.", 1, 65535),
    Setting("threads", 4, "How many requests the server answers at a time.", 1, 256),
    Setting(
        "memory",
        1024,
        "An index of at most so many megabytes is held in memory; a larger one is mapped.",
    ),
    Setting(
        "patience",
        10,
        "For so many seconds an index is checked before it answers; the rest is checked beside.",
    ),
    Setting("budget", 1000, "How many milliseconds a search may take; then it is ended.", 1),
    Setting(
        "semantic",
        0,
        "1: a build notes what each publication means, so that it is found whatever its words.",
        0,
        1,
    ),
    Setting(
        "connections", 1000, "How many connections the server holds at a time, idle ones too.", 1
    ),
    Setting("idle", 15, "After so many silent seconds the server ends a connection.", 1),
    Setting("hosts", "", "The names of the site, with commas; without them it answers to any."),
    Setting("proxies", 0, "How many proxies stand before the server, whose word is taken.", 0, 10),
    Setting("hsts", 0, "For so many seconds a browser is to ask over TLS only; 0: not told."),
    Setting("rate", "", "How often one address may ask, such as 120 per minute; else no limit."),
    Setting("metrics", 0, "1: anyone may read /metrics, not this machine alone.", 0, 1),
    Setting("log_queries", 0, "1: the log tells what was searched for.", 0, 1),
    Setting("gaps", "", "A file that notes searches which found nothing; without one, none are."),
)


class Settings(msgspec.Struct, frozen=True):
    """The settings in force, each as its row in `ROWS` says."""

    corpus: Path
    index: Path
    host: str
    port: int
    threads: int
    memory: int
    patience: int
    budget: int
    semantic: bool
    connections: int
    idle: int
    hosts: str
    proxies: int
    hsts: int
    rate: str
    metrics: bool
    log_queries: bool
    gaps: str


def load(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """The settings: what is given, else what the environment says, else the defaults.

    Raises SettingError for a value of the wrong kind.
    """
    values = {row.name: _value(row, environment, given.get(row.name)) for row in ROWS}
    return msgspec.convert(values, Settings, strict=False, dec_hook=_path)


def _value(row: Setting, environment: Mapping[str, str], given: object) -> object:
    name = f"PUBSEARCH_{row.name.upper()}"
    value = environment.get(name, row.default) if given is None else given
    if isinstance(row.default, int) and not (
        str(value).isdecimal() and row.least <= int(str(value)) <= row.most
    ):
        where = name if given is None else f"--{row.name}"
        takes = f"a whole number from {row.least} to {row.most}"
        raise SettingError(f"{where} is {value!r}; it takes {takes}. {row.help}")
    return value if isinstance(row.default, int) else str(value)


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)
