"""The URL of an index in a cluster, and the client of the cluster.

Without the extra `opensearch`, this module can be imported, and `parse_address` works.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakSet

import msgspec

from indexer.errors import describe_installation
from indexer.generations.manifest import IndexUnusable

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

PREFIX = "opensearch+"
"""Begins the setting of an index that is in a cluster, before the scheme of the URL."""
DEFAULT_PORT = 9200
USER, PASSWORD, CA = (
    "PUBSEARCH_OPENSEARCH_USER", "PUBSEARCH_OPENSEARCH_PASSWORD", "PUBSEARCH_OPENSEARCH_CA",
)  # fmt: skip
"""The environment variables of the user, of its password, and of the file of certificates that are
trusted (PEM). They are no settings of the command line, where other users could read them."""
TIMEOUT = 60
"""Seconds that a node may take for a request without a limit of its own. A request to change an
index may wait 30 s for the manager of the cluster."""
MAX_CONNECTIONS = 32
"""Number of idle connections to each host that are kept open for the next requests."""
DEAD_SECONDS = 30
"""Seconds for which a host that did not answer is not asked, unless no other one answers."""
MAX_NAME_CHARS = 128
"""Limit on the name of an index. OpenSearch allows 255, and generations add theirs."""

BUILDS, FILES = OTHERS = "-builds", "-files"
"""The ends of the names of the indexes that a catalogue has besides its documents: one for builds
(see `marker`), and one for the files of each generation."""

_HINT = f"Use a URL such as {PREFIX}https://search.example.org:{DEFAULT_PORT}/catalogue"
_OTHER_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|[\w.-]+:[0-9]+(/|$)")
"""Begins another URL, or a host and a port. A path that looks like one can begin with `./`."""
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{MAX_NAME_CHARS - 1}}}")


class AddressError(ValueError):
    """The URL of an index is wrong. The message says what, and how to fix it."""


class ClusterError(IndexUnusable):
    """The cluster cannot be used, did not accept a request, or its content is damaged."""


class ClusterAddress(msgspec.Struct, frozen=True):
    """The hosts of a cluster, and the name of an index.

    A host is a URL with a port and no path, such as `https://search.example.org:9200`. All have
    the same scheme. `str` returns the form that `parse_address` parses.
    """

    hosts: tuple[str, ...]
    name: str

    def __str__(self) -> str:
        scheme = urlsplit(self.hosts[0]).scheme
        places = ",".join(urlsplit(host).netloc for host in self.hosts)
        return f"{PREFIX}{scheme}://{places}/{self.name}"

    @property
    def is_encrypted(self) -> bool:
        """Whether the connections use TLS."""
        return urlsplit(self.hosts[0]).scheme == "https"

    @property
    def is_local(self) -> bool:
        """Whether all hosts are this machine."""
        return all(map(_is_this_machine, self.hosts))


def parse_address(text: str) -> ClusterAddress | None:
    """Return the parts of `opensearch+http(s)://HOST[:PORT][,HOST[:PORT]...]/NAME`.

    Return None if the text is a path. Raise AddressError if a part is wrong, or it is another URL.
    No message repeats a user or a password.
    """
    is_address = text.startswith(PREFIX)
    if not is_address and not _OTHER_URL.match(text):
        return None
    if "@" in text:
        raise AddressError(
            "the URL of the index has a user. Set the user and the password in the environment: "
            f"{USER} and {PASSWORD}"
        )
    if not is_address:
        raise AddressError(
            f"{text!r} is not a URL of an index. {_HINT} for an index in a cluster, or a path such "
            "as ./index for a folder"
        )
    scheme, _, rest = text.removeprefix(PREFIX).partition("://")
    if scheme not in {"http", "https"}:
        raise AddressError(
            f"the URL of the index has the scheme {scheme!r}. Use {PREFIX}https or {PREFIX}http"
        )
    places, _, name = rest.partition("/")
    if not _NAME.fullmatch(name):
        raise AddressError(
            f"{name!r} in the URL of the index is not a name of an index. Use up to "
            f"{MAX_NAME_CHARS} lower-case letters, digits, hyphens, dots, and underscores, with a "
            "letter or digit first"
        )
    if name.endswith(OTHERS):
        raise AddressError(
            f"{name!r} in the URL of the index ends like an index of another purpose. Use a name "
            f"that does not end with {' or '.join(OTHERS)}"
        )
    hosts = tuple(f"{scheme}://{_parse_place(place)}" for place in places.split(","))
    return ClusterAddress(hosts, name)


def _parse_place(place: str) -> str:
    """Return a host and its port. Raise AddressError."""
    host, port = place.lower(), str(DEFAULT_PORT)
    if found := re.fullmatch(r"(.*?):([0-9]{1,5})", host):
        host, port = found[1], found[2]
    if not _is_host(host) or not 0 < int(port) < 1 << 16:
        raise AddressError(
            f"{place!r} in the URL of the index is not a host, or a host and a port. {_HINT}"
        )
    return f"{host}:{int(port)}"


def _is_host(text: str) -> bool:
    if not text.startswith("["):
        return bool(_HOST.fullmatch(text))
    try:
        IPv6Address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return text.endswith("]")


def _is_this_machine(host: str) -> bool:
    name = urlsplit(host).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def connect(address: ClusterAddress, environment: Mapping[str, str] = os.environ) -> OpenSearch:
    """Return a client of a cluster. Nothing is sent yet.

    A request goes to the next host if one does not answer. The environment variables USER, PASSWORD
    and CA are used. Certificates are always verified. A process that is forked opens connections of
    its own. Raise ClusterError if the extra `opensearch` is missing or a variable can't be used.
    """
    try:
        from opensearchpy import OpenSearch

        from indexer.cluster.json_serializer import FastJsonSerializer
    except ImportError as error:
        raise ClusterError(
            "an index in a cluster needs the extra opensearch, which is not installed",
            describe_installation("opensearch"),
        ) from error
    log = logging.getLogger("opensearch")
    log.setLevel(logging.WARNING)  # at INFO, it logs every request
    log.addFilter(_drop_traceback)
    client = OpenSearch(
        list(address.hosts),
        http_auth=_make_credentials(address, environment),
        ssl_context=_make_tls(environment) if address.is_encrypted else None,
        max_retries=len(address.hosts),
        retry_on_timeout=len(address.hosts) > 1,
        http_compress=True,
        timeout=TIMEOUT,
        serializers={FastJsonSerializer.mimetype: FastJsonSerializer()},
        pool_maxsize=MAX_CONNECTIONS,
        dead_timeout=DEAD_SECONDS,
        timeout_cutoff=0,  # else a host that is back may wait for half an hour
    )
    _clients.add(client)
    return client


def _drop_traceback(record: logging.LogRecord) -> bool:
    """Log a failed request as one line. The error that it raises is reported as well."""
    record.exc_info = None
    return True


def _close_connections() -> None:
    """Close the connections of all clients, also to hosts that did not answer last."""
    for client in _clients:
        for connection, _ in client.transport.connection_pool.connection_opts:
            connection.close()


_clients: WeakSet[OpenSearch] = WeakSet()
# Two processes that share a connection would read each other's responses.
os.register_at_fork(after_in_child=_close_connections)


def _make_credentials(address: ClusterAddress, environment: Mapping[str, str]) -> str | None:
    """Return the user and the password, or None. Raise ClusterError."""
    user, password = environment.get(USER, ""), environment.get(PASSWORD, "")
    if not user and not password:
        return None
    if not user or not password or ":" in user:
        raise ClusterError(
            f"{USER} and {PASSWORD} do not make a user with a password",
            "Set both or none. A user has no colon",
        )
    if not address.is_encrypted and not address.is_local:
        raise ClusterError(
            f"{USER} is set, but {address} would send the password without encryption",
            f"Use {PREFIX}https",
        )
    # OpenSearch expects UTF-8, but the client encodes text as Latin-1.
    return f"{user}:{password}".encode("utf-8", "surrogateescape").decode("latin-1")


def _make_tls(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Return a context that verifies certificates and host names. Raise ClusterError."""
    file = environment.get(CA) or None
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:  # ssl.SSLError is one
        raise ClusterError(
            f"the certificates in {file} can't be read: {error.strerror or error}",
            f"Set {CA} to a file of certificates in PEM",
        ) from error
