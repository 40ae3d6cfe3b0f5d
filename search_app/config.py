"""Settings, from environment variables and command-line options.

Each field of `Settings` is one setting. Its environment variable is `PUBSEARCH_` and the name in
capitals. A command-line option overrides the variable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args, get_type_hints

import msgspec
from msgspec import Meta

from indexer.analysis.embeddings import EncoderError
from indexer.catalogue.limits import Limits, Positive, Whole, whole_number
from indexer.cluster.connection import AddressError, ClusterAddress, parse_address

if TYPE_CHECKING:
    from indexer.analysis.transformer import TransformerEncoder


class SettingError(Exception):
    """An unusable setting. The message names the setting and the reason."""


PREFIX = "(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
"""Regular expression of a path prefix. A match needs no escaping and has no `..` segment."""

ORIGIN = r"https?://[A-Za-z0-9_.-]+(:\d{1,5})?"
"""Regular expression of a scheme and a host, with a port or without."""
Switch = Annotated[bool, Meta(title="0 or 1")]


def _pattern(pattern: str, title: str) -> Meta:
    return Meta(pattern=rf"\A(?:{pattern})\Z", title=title)


class Settings(Limits, frozen=True, kw_only=True):
    """The values of all settings, each with its help text."""

    corpus: Annotated[Path, "Corpus folder: the publications and catalogue.toml."] = Path("corpus")
    index: Annotated[
        Path | ClusterAddress,
        "Index folder, or the URL of an index in a cluster. The first build creates it.",
    ] = Path("index")
    work: Annotated[
        Path | None,
        "Folder for files of an index in a cluster. Empty: a folder in the user's cache.",
    ] = None
    shards: Annotated[int, whole_number(1, 1024), "Number of shards of an index in a cluster."] = 1
    replicas: Annotated[
        int | None,
        whole_number(0, 999),
        "Copies of each shard on other nodes. Empty: 1 if the cluster has several nodes, else 0.",
    ] = None
    host: Annotated[str, "Address that the server listens on."] = "127.0.0.1"
    port: Annotated[int, whole_number(1, 65535), "Port that the server listens on."] = 8000
    threads: Annotated[
        int, whole_number(1, 256), "Number of requests that the server answers at the same time."
    ] = 16
    memory: Annotated[
        Whole,
        "Maximum size in megabytes of an index that is read into memory. A larger one is mapped.",
    ] = 1024
    patience: Annotated[
        Whole,
        "Seconds of integrity checks before an index is used. The rest runs in the background.",
    ] = 10
    budget: Annotated[Positive, "Time limit of a search in milliseconds."] = 1000
    slow: Annotated[
        Whole, "Milliseconds after which a search is logged as slow, with its query. 0: none is."
    ] = 0
    semantic: Annotated[Switch, "1: a build adds embeddings for semantic search."] = False
    encoder: Annotated[
        str,
        "Folder of a transformer that makes the embeddings. Empty: the extra semantic makes them.",
    ] = ""
    connections: Annotated[
        Positive, "Maximum number of open connections of the server, idle ones included."
    ] = 1000
    idle: Annotated[Positive, "Seconds after which the server closes an idle connection."] = 15
    hosts: Annotated[
        str, "Host names of the site, separated by commas. Empty: any, or those of this machine."
    ] = ""
    proxies: Annotated[
        int, whole_number(0, 10), "Number of trusted reverse proxies in front of the server."
    ] = 0
    prefix: Annotated[
        str,
        _pattern(PREFIX, "a path without a slash at its end, such as /catalogue"),
        "Sub-path of the site, such as /catalogue. Every URL of the site begins with it.",
    ] = ""
    forwarded_prefix: Annotated[
        Switch, "1: use the X-Forwarded-Prefix header of a trusted proxy."
    ] = False
    site_url: Annotated[
        str,
        _pattern(f"({ORIGIN})?", "a scheme and a host without a path, such as https://example.org"),
        "Scheme and host of the site, such as https://example.org. Empty: those of the request.",
    ] = ""
    hsts: Annotated[
        Whole, "Seconds for which browsers must use TLS (Strict-Transport-Security). 0: not sent."
    ] = 0
    cors: Annotated[
        str,
        _pattern(
            rf"(\*|{ORIGIN})?",
            "* or a scheme and a host without a path, such as https://example.org",
        ),
        "Origin whose scripts may read the API, exports, and feeds. *: any. Empty: only this site.",
    ] = ""
    oai: Annotated[Switch, "1: harvesters may copy the catalogue by OAI-PMH at /oai."] = True
    rate: Annotated[str, "Rate limit of one client, such as 120 per minute. Empty: no limit."] = ""
    metrics: Annotated[Switch, "1: any client may read /metrics. 0: only this machine may."] = False
    log_queries: Annotated[Switch, "1: log queries."] = False
    log_json: Annotated[Switch, "1: log JSON on a terminal too."] = False
    zero_result_log: Annotated[str, "File that logs queries without hits, or empty."] = ""

    @property
    def limits(self) -> Limits:
        """Return the limits alone, which decide what is kept of an earlier build."""
        return msgspec.convert(self, Limits, from_attributes=True)


def list_help() -> dict[str, str]:
    """Return the help text of each setting, by name."""
    return {name: str(get_args(kind)[-1]) for name, kind in _KINDS.items()}


_KINDS = get_type_hints(Settings, include_extras=True)


def load(environment: Mapping[str, str] = os.environ, **options: object) -> Settings:
    """Return the settings: given values first, then environment variables, then defaults.

    Raise SettingError for an invalid value. A given value of None counts as missing.
    """
    values = dict[str, object]()
    for name in _KINDS:
        variable = f"PUBSEARCH_{name.upper()}"
        if options.get(name) is not None:
            values[name] = _parse(name, str(options[name]), f"--{name}")
        elif variable in environment:
            values[name] = _parse(name, environment[variable], variable)
    return msgspec.structs.replace(Settings(), **values)


def _parse(name: str, value: str, option: str) -> object:
    """Return the value of a setting that is given as text. Raise SettingError."""
    kind, *metas, description = get_args(_KINDS[name])
    is_optional = type(None) in get_args(kind)
    if is_optional and not value:
        return None
    kind = get_args(kind)[0] if is_optional else kind
    try:
        if name == "index":
            return parse_address(value) or Path(value)
        if kind is Path:
            return Path(value)
        return msgspec.convert(value, Annotated[kind, *metas, description], strict=False)
    except AddressError as error:
        raise SettingError(str(error)) from error
    except msgspec.ValidationError as error:
        message = f"{option} is {value!r}, but must be {metas[0].title}. {description}"
        raise SettingError(message) from error


def load_encoder(
    settings: Settings, *, threads: int = 1, seconds: float = 60.0
) -> TransformerEncoder | None:
    """Return the encoder of the setting `encoder`, or None if it is empty. Raise SettingError.

    `threads` texts are encoded at the same time, and a query may take `seconds`.
    """
    if not settings.encoder:
        return None
    # Importing it here keeps everything fast that uses no encoder.
    from indexer.analysis.transformer import TransformerEncoder

    try:
        return TransformerEncoder(Path(settings.encoder), threads, seconds)
    except EncoderError as error:
        raise SettingError(str(error)) from error
