"""Find the nodes that respond while another node of the cluster hangs.

A cluster takes about 30 s to remove a node that hangs. Until then, nodes that respond send searches
of shards to it and wait. A node that is cut off from most others reports that these do not respond.
It is not used: the others are well.
"""

from __future__ import annotations

from threading import Lock
from time import monotonic

import msgspec
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException

NODE_MILLISECONDS = 100
"""Milliseconds in which a node responds to another node, unless it hangs."""
HOST_SECONDS = 0.2
"""Seconds in which a host responds, while other nodes may hang."""
PAUSE_SECONDS = 1.0
"""Do not look again for so long, as many searches are late at the same time."""
KEEP_SECONDS = 30.0
"""Seconds after which a result is not used any more."""


class _Found(msgspec.Struct, frozen=True):
    """The part of a response that names the nodes that responded to the host."""

    counts: _Counts = msgspec.field(name="_nodes")
    nodes: dict[str, object] = {}

    @property
    def is_minority(self) -> bool:
        """Whether less than half of the nodes responded."""
        return 2 * len(self.nodes) < self.counts.total


class _Counts(msgspec.Struct, frozen=True):
    """The numbers of all nodes, and of those that did not respond."""

    total: int
    failed: int


class ResponsiveNodes:
    """The nodes of a cluster that respond. Threads may share it.

    `preference` lets a search avoid the other nodes. It is empty if all nodes respond, or if it is
    not known.
    """

    def __init__(self, client: OpenSearch) -> None:
        self._client, self._lock = client, Lock()
        self._looked, self._preference = -KEEP_SECONDS, ""

    @property
    def preference(self) -> str:
        """The value of `preference` in a search, or ""."""
        return self._preference if monotonic() - self._looked < KEEP_SECONDS else ""

    def look(self, late: ConnectionTimeout | None = None) -> None:
        """Ask a host which nodes respond, unless another thread just did.

        `late` is the error of a request that a host did not answer. This host is asked first, as it
        may only wait for another node. A host that does not respond now, or that is cut off from
        most nodes, is not used for a while.
        """
        with self._lock:
            if monotonic() - self._looked < PAUSE_SECONDS:
                return
            pool = self._client.transport.connection_pool
            used = getattr(late and late.info, "pool", None)
            preference = ""
            hosts = [connection for connection, _ in pool.connection_opts]
            connection = next((each for each in hosts if each.pool is used), None)
            for _ in hosts:
                connection = connection or pool.get_connection()
                try:
                    _, _, text = connection.perform_request(
                        "GET", "/_nodes/process", {"timeout": f"{NODE_MILLISECONDS}ms"},
                        timeout=HOST_SECONDS,
                    )  # fmt: skip
                    found = msgspec.json.decode(text, type=_Found)
                except NoConnection:
                    found = None
                except (OpenSearchException, msgspec.MsgspecError):
                    break  # the user may not ask, or this is no cluster
                if found and not found.is_minority:
                    if found.counts.failed and found.nodes:
                        preference = f"_prefer_nodes:{','.join(sorted(found.nodes))}"
                    break
                pool.mark_dead(connection)
                connection = None
            self._preference, self._looked = preference, monotonic()
