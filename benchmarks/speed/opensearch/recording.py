"""A connection to a node that records its searches."""

import re
import time
from typing import Any, ClassVar, NamedTuple

from opensearchpy import Urllib3HttpConnection

_TOOK = re.compile(r'"took":(\d+)')


class Sent(NamedTuple):
    """A request: bytes of its body and of the response, and times in milliseconds.

    `took` is the time that the node reports, and `passed` that of the clock.
    """

    bytes_out: int
    bytes_in: int
    took: float
    passed: float


class RecordingConnection(Urllib3HttpConnection):
    """A connection whose requests with searches are added to `sent`, of all connections."""

    sent: ClassVar[list[Sent]] = []

    def perform_request(
        self, method: str, url: str, *rest: Any, **options: Any  # noqa: ANN401
    ) -> Any:  # noqa: ANN401 # fmt: skip
        """Send a request."""
        started = time.perf_counter()
        status, headers, text = super().perform_request(method, url, *rest, **options)
        passed = (time.perf_counter() - started) * 1000
        if url.endswith("/_msearch"):
            body = options.get("body") or rest[1]
            took = _TOOK.search(text)
            assert took
            self.sent.append(Sent(len(body), len(text.encode()), float(took[1]), passed))
        return status, headers, text
