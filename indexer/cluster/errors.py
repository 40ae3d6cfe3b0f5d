"""Turn the errors of the client into those of this program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from opensearchpy.exceptions import OpenSearchException

from indexer.cluster.connection import ClusterError, describe


@contextmanager
def translate_errors(message: str) -> Iterator[None]:
    """Raise ClusterError with a message and the reason if a request of the block fails.

    A response of another type than expected is an error too.
    """
    try:
        yield
    except (OpenSearchException, msgspec.ValidationError) as error:
        raise ClusterError(
            f"{message}: {describe(error)}",
            "Check that the nodes of the cluster run and have disk space, and the permissions",
        ) from error
