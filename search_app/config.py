"""Settings, from environment variables and command-line options.

Each row of `ROWS` is one setting. Its environment variable is `PUBSEARCH_` and the name in
capitals. A command-line option overrides the variable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from indexer.catalogue.limits import LIMITS, Limits


class SettingError(Exception):
    """An unusable setting. The message names the setting and the reason."""


PREFIX = "(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
"""Regular expression of a path prefix. A match needs no escaping and has no `..` segment."""


class Setting(msgspec.Struct, frozen=True):
    """A setting: its name, its default, its help text, and the bounds of a number.

    A string must match the regular expression `form`, which `takes` describes in words.
    """

    name: str
    default: str | int
    help: str
    least: int = 0
    most: int = 2**31
    form: str = "(?s:.*)"
    takes: str = ""


ROWS = (
    Setting("corpus", "corpus", "The folder of what is searched: pages and a catalogue.toml."),
    Setting("index", "index", "The folder of the index; it is made by the first build."),
    Setting("host", "127.0.0.1", "The address on which the server listens."),
    Setting("port", 8000, "The port on which the server listens.", 1, 65535),
    Setting("threads", 16, "How many requests the server answers at a time.", 1, 256),
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
    Setting(
        "prefix",
        "",
        "The sub-path of the site, such as /catalogue; every URL of the site begins with it.",
        form=PREFIX,
        takes="a path without a slash at its end, such as /catalogue",
    ),
    Setting(
        "forwarded_prefix", 0, "1: X-Forwarded-Prefix of a trusted proxy is believed too.", 0, 1
    ),
    Setting("hsts", 0, "For so many seconds a browser is to ask over TLS only; 0: not told."),
    Setting("rate", "", "How often one address may ask, such as 120 per minute; else no limit."),
    Setting("metrics", 0, "1: anyone may read /metrics, not this machine alone.", 0, 1),
    Setting("log_queries", 0, "1: the log tells what was searched for.", 0, 1),
    Setting("log_json", 0, "1: the log is JSON on a terminal too.", 0, 1),
    Setting("gaps", "", "A file that notes searches which found nothing; without one, none are."),
    Setting(
        "largest_file",
        LIMITS.largest_file,
        "Bytes of a page or a text of the corpus; a larger one is left out.",
        1000,
    ),
    Setting(
        "largest_line",
        LIMITS.largest_line,
        "Bytes of a line of JSON Lines; a longer one is left out.",
        1000,
    ),
    Setting(
        "largest_unpacked",
        LIMITS.largest_unpacked,
        "Bytes of a file of JSON Lines, once unpacked; what is beyond is left out.",
        1000,
        2**63,
    ),
    Setting(
        "most_entries",
        LIMITS.most_entries,
        "Entries of the corpus, and lines of one file; what is beyond is left out.",
        1,
    ),
    Setting(
        "longest_field",
        LIMITS.longest_field,
        "Characters of all values of a field in an entry; those beyond are left out.",
        100,
    ),
    Setting(
        "most_parts",
        LIMITS.most_parts,
        "Tags and attributes of a page, or lines of a text; a file of more is left out.",
        1000,
    ),
    Setting(
        "deepest",
        LIMITS.deepest,
        "How deep tags, JSON and folders may be nested; what is deeper is left out.",
        10,
        500,
    ),
)


class Settings(msgspec.Struct, frozen=True):
    """The values of all settings. `ROWS` describes each field."""

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
    prefix: str
    forwarded_prefix: bool
    hsts: int
    rate: str
    metrics: bool
    log_queries: bool
    log_json: bool
    gaps: str
    largest_file: int
    largest_line: int
    largest_unpacked: int
    most_entries: int
    longest_field: int
    most_parts: int
    deepest: int

    @property
    def limits(self) -> Limits:
        """Return the limits for reading a corpus."""
        return msgspec.convert(self, Limits, from_attributes=True)


def load(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """Return the settings: given values first, then environment variables, then defaults.

    Raise SettingError for an invalid value. A given value of None counts as missing.
    """
    values = {row.name: _value(row, environment, given.get(row.name)) for row in ROWS}
    return msgspec.convert(values, Settings, strict=False, dec_hook=_path)


def _value(row: Setting, environment: Mapping[str, str], given: object) -> object:
    name = f"PUBSEARCH_{row.name.upper()}"
    value = environment.get(name, row.default) if given is None else given
    if isinstance(row.default, str):
        is_good, takes = bool(re.fullmatch(row.form, str(value))), row.takes
    else:
        is_good = str(value).isdecimal() and row.least <= int(str(value)) <= row.most
        takes = f"a whole number from {row.least} to {row.most}"
    if not is_good:
        where = name if given is None else f"--{row.name}"
        raise SettingError(f"{where} is {value!r}; it takes {takes}. {row.help}")
    return value if isinstance(row.default, int) else str(value)


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)
