"""Settings, from environment variables and command-line options.

Each row of `ROWS` is one setting. Its environment variable is `PUBSEARCH_` and the name in
capitals. A command-line option overrides the variable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

import msgspec

from indexer.analysis.embeddings import EncoderError
from indexer.catalogue.limits import LIMITS, Limits
from indexer.cluster.connection import AddressError, ClusterAddress, parse_address

if TYPE_CHECKING:
    from indexer.analysis.transformer.encoder import TransformerEncoder


class SettingError(Exception):
    """An unusable setting. The message names the setting and the reason."""


PREFIX = "(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
"""Regular expression of a path prefix. A match needs no escaping and has no `..` segment."""

ORIGIN = r"https?://[A-Za-z0-9_.-]+(:\d{1,5})?"
"""Regular expression of a scheme and a host, with a port or without."""


class Setting(msgspec.Struct, frozen=True):
    """A setting: its name, its default, its help text, and the bounds of a number.

    A string must match the regular expression `pattern`, which `expected` describes in words.
    """

    name: str
    default: str | int
    help: str
    min_value: int = 0
    max_value: int = 2**31
    pattern: str = "(?s:.*)"
    expected: str = ""


ROWS = (
    Setting("corpus", "corpus", "Corpus folder: the publications and catalogue.toml."),
    Setting(
        "index",
        "index",
        "Index folder, or the URL of an index in a cluster. The first build creates it.",
    ),
    Setting(
        "work",
        "",
        "Folder for files of an index in a cluster. Empty: a folder in the user's cache.",
    ),
    Setting("shards", 1, "Number of shards of an index in a cluster.", 1, 1024),
    Setting(
        "replicas",
        "",
        "Copies of each shard on other nodes. Empty: 1 if the cluster has several nodes, else 0.",
        pattern=r"\d{0,3}",
        expected="a number, or nothing",
    ),
    Setting("host", "127.0.0.1", "Address that the server listens on."),
    Setting("port", 8000, "Port that the server listens on.", 1, 65535),
    Setting("threads", 16, "Number of requests that the server answers at the same time.", 1, 256),
    Setting(
        "memory",
        1024,
        "Maximum size in megabytes of an index that is read into memory. A larger one is mapped.",
    ),
    Setting(
        "patience",
        10,
        "Seconds of integrity checks before an index is used. The rest runs in the background.",
    ),
    Setting("budget", 1000, "Time limit of a search in milliseconds.", 1),
    Setting(
        "slow",
        0,
        "Milliseconds after which a search is logged as slow, with its query. 0: none is.",
    ),
    Setting(
        "semantic",
        0,
        "1: a build adds embeddings for semantic search.",
        0,
        1,
    ),
    Setting(
        "encoder",
        "",
        "Folder of a transformer that makes the embeddings. Empty: the extra semantic makes them.",
    ),
    Setting(
        "connections",
        1000,
        "Maximum number of open connections of the server, idle ones included.",
        1,
    ),
    Setting("idle", 15, "Seconds after which the server closes an idle connection.", 1),
    Setting(
        "hosts",
        "",
        "Host names of the site, separated by commas. Empty: any, or those of this machine.",
    ),
    Setting("proxies", 0, "Number of trusted reverse proxies in front of the server.", 0, 10),
    Setting(
        "prefix",
        "",
        "Sub-path of the site, such as /catalogue. Every URL of the site begins with it.",
        pattern=PREFIX,
        expected="a path without a slash at its end, such as /catalogue",
    ),
    Setting(
        "forwarded_prefix", 0, "1: use the X-Forwarded-Prefix header of a trusted proxy.", 0, 1
    ),
    Setting(
        "site_url",
        "",
        "Scheme and host of the site, such as https://example.org. Empty: those of the request.",
        pattern=f"({ORIGIN})?",
        expected="a scheme and a host without a path, such as https://example.org",
    ),
    Setting(
        "hsts",
        0,
        "Seconds for which browsers must use TLS (Strict-Transport-Security). 0: not sent.",
    ),
    Setting(
        "cors",
        "",
        "Origin whose scripts may read the API, exports, and feeds. *: any. Empty: only this site.",
        pattern=rf"(\*|{ORIGIN})?",
        expected="* or a scheme and a host without a path, such as https://example.org",
    ),
    Setting("rate", "", "Rate limit of one client, such as 120 per minute. Empty: no limit."),
    Setting("metrics", 0, "1: any client may read /metrics. 0: only this machine may.", 0, 1),
    Setting("log_queries", 0, "1: log queries.", 0, 1),
    Setting("log_json", 0, "1: log JSON on a terminal too.", 0, 1),
    Setting("gaps", "", "File that logs queries without hits. Empty: no log."),
    Setting(
        "largest_file",
        LIMITS.largest_file,
        "Maximum bytes of a page or text of the corpus. A larger one is skipped.",
        1000,
    ),
    Setting(
        "largest_line",
        LIMITS.largest_line,
        "Maximum bytes of a line of JSON Lines. A longer one is skipped.",
        1000,
    ),
    Setting(
        "largest_unpacked",
        LIMITS.largest_unpacked,
        "Maximum bytes of a JSON Lines file after decompression. The rest is skipped.",
        1000,
        2**63,
    ),
    Setting(
        "most_entries",
        LIMITS.most_entries,
        "Maximum entries in the corpus, and lines in one file. The rest is skipped.",
        1,
    ),
    Setting(
        "longest_field",
        LIMITS.longest_field,
        "Maximum characters of all values of a field in an entry. The rest is skipped.",
        100,
    ),
    Setting(
        "most_parts",
        LIMITS.most_parts,
        "Maximum tags and attributes of a page, or lines of a text. A file with more is skipped.",
        1000,
    ),
    Setting(
        "deepest", LIMITS.deepest,
        "Maximum nesting depth of JSON, XML, and folders. Deeper parts are skipped.", 10, 500,
    ),
    Setting(
        "largest_document", LIMITS.largest_document,
        "Maximum bytes of a file whose full text is searched. A larger file is skipped.", 1000,
    ),
    Setting(
        "longest_document", LIMITS.longest_document,
        "Maximum characters of the full text of a file. The rest is left out.", 1000,
    ),
    Setting(
        "most_pages", LIMITS.most_pages,
        "Maximum pages of the full text of a file. The rest is left out.", 1,
    ),
)  # fmt: skip

OPTIONAL = {"work", "replicas"}
"""The settings that are None if they are empty."""


class Settings(msgspec.Struct, frozen=True):
    """The values of all settings. `ROWS` describes each field."""

    corpus: Path
    index: Path | ClusterAddress
    work: Path | None
    shards: int
    replicas: int | None
    host: str
    port: int
    threads: int
    memory: int
    patience: int
    budget: int
    slow: int
    semantic: bool
    encoder: str
    connections: int
    idle: int
    hosts: str
    proxies: int
    prefix: str
    forwarded_prefix: bool
    site_url: str
    hsts: int
    cors: str
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
    largest_document: int
    longest_document: int
    most_pages: int

    @property
    def limits(self) -> Limits:
        """Return the limits for reading a corpus."""
        return msgspec.convert(self, Limits, from_attributes=True)


def load(environment: Mapping[str, str] = os.environ, **options: object) -> Settings:
    """Return the settings: given values first, then environment variables, then defaults.

    Raise SettingError for an invalid value. A given value of None counts as missing.
    """
    values = {row.name: _parse_value(row, environment, options.get(row.name)) for row in ROWS}
    index = _parse_index(str(values.pop("index")))
    types = get_type_hints(Settings)
    # Path is the only type of the other settings that msgspec does not convert.
    converted = {
        name: msgspec.convert(value, types[name], strict=False, dec_hook=lambda _, text: Path(text))
        for name, value in values.items()
    }
    return Settings(index=index, **converted)


def _parse_index(value: str) -> Path | ClusterAddress:
    try:
        return parse_address(value) or Path(value)
    except AddressError as error:
        raise SettingError(str(error)) from error


def load_encoder(
    settings: Settings, *, threads: int = 1, seconds: float = 60.0
) -> TransformerEncoder | None:
    """Return the encoder of the setting `encoder`, or None if it is empty. Raise SettingError.

    `threads` texts are encoded at the same time, and a query may take `seconds`.
    """
    if not settings.encoder:
        return None
    # Importing it here keeps everything fast that uses no encoder.
    from indexer.analysis.transformer.encoder import TransformerEncoder

    try:
        return TransformerEncoder(Path(settings.encoder), threads, seconds)
    except EncoderError as error:
        raise SettingError(str(error)) from error


def _parse_value(row: Setting, environment: Mapping[str, str], given: object) -> object:
    name = f"PUBSEARCH_{row.name.upper()}"
    value = environment.get(name, row.default) if given is None else given
    if isinstance(row.default, str):
        is_valid, expected = bool(re.fullmatch(row.pattern, str(value))), row.expected
    else:
        is_valid = str(value).isdecimal() and row.min_value <= int(str(value)) <= row.max_value
        expected = f"a whole number from {row.min_value} to {row.max_value}"
    if not is_valid:
        option = name if given is None else f"--{row.name}"
        raise SettingError(f"{option} is {value!r}, but must be {expected}. {row.help}")
    if value == "" and row.name in OPTIONAL:
        return None
    return value if isinstance(row.default, int) else str(value)
