"""The measured values of publishing: a part of the schema of `results.json`. Sizes are in bytes."""

import msgspec

from benchmarks.speed.machine import Setting


class Waits(msgspec.Struct):
    """The response times of the readers, in milliseconds.

    `long` is the share of the `requests` that took more than 100 ms, `failed` the number without a
    response.
    """

    requests: int
    failed: int
    median: float
    p99: float
    worst: float
    long: float


class Memory(msgspec.Struct):
    """The memory of a server, in bytes.

    `private` is the private memory of each process that answers, `together` the sum of the
    proportional shares of all processes.
    """

    private: list[int]
    together: int


class Published(msgspec.Struct):
    """One server: its readers `alone` and `during` publishing, and its memory.

    `bare` is the memory with an index of few papers. `before` and `after` are the memory before the
    first publish and after the last, each after the same requests.
    """

    alone: Waits
    during: Waits
    bare: Memory
    before: Memory
    after: Memory

    @property
    def grown(self) -> int:
        """Return the growth of the largest private memory of a process over all publishes."""
        return max(self.after.private) - max(self.before.private)


class Publishing(msgspec.Struct):
    """Publishing while servers answer. `index` is the size of the index in bytes.

    `left_out` is the reason if it was not measured.
    """

    setting: Setting
    publishes: int
    index: int
    servers: dict[str, Published]
    left_out: str | None
