"""The measured values of an index in a cluster: a part of the schema of `results.json`."""

import msgspec

from benchmarks.speed.machine import Setting


class Spread(msgspec.Struct):
    """The median, the 95th percentile, and the maximum of times in milliseconds."""

    median: float
    p95: float
    worst: float


class Compared(msgspec.Struct):
    """The searches of one kind, on both stores.

    `hits`, `totals`, and `facets` are the numbers of searches that differ: in the ids of the first
    ten hits, in the numbers of publications and titles, and in a bucket of a facet. A cluster
    orders its own hits, so only the last two must be 0.

    `local` is the time of a search on the local index, and `cluster` that on the index in the
    cluster. `node` is the part of it that the node reports for its requests (`took`, in whole
    milliseconds), and `own` is the rest: this engine, HTTP, and JSON. `own_cpu` is the CPU time of
    this process, and `node_cpu` that of the node, in milliseconds per search. `trips` contains the
    number of searches by their number of requests. `sent` and `received` are mean bytes per search.
    """

    searches: int
    hits: int
    totals: int
    facets: int
    local: Spread
    cluster: Spread
    node: Spread
    own: Spread
    own_cpu: float
    node_cpu: float
    trips: dict[int, int]
    sent: float
    received: float


class Loaded(msgspec.Struct):
    """Builds of one corpus: the first one, and one after a change of one publication.

    Seconds of the clock, and of CPU time of all processes of the program. `local` is the build in a
    folder, and `load` is all that a cluster adds. `node_cpu` is that of the node meanwhile.
    """

    local: float
    local_cpu: float
    load: float
    load_cpu: float
    node_cpu: float


class Load(msgspec.Struct):
    """The first build and a change, in several runs. Sizes are in bytes.

    `sent` is the bytes of all documents, `index` the size in the cluster, `files` the files of a
    reader by name, and `segment` the size of the local index.
    """

    builds: list[Loaded]
    changes: list[Loaded]
    sent: int
    index: int
    files: dict[str, int]
    segment: int


class Grown(msgspec.Struct):
    """The searches of each kind on an index of `papers`, in milliseconds of CPU time of the node.

    `index` is its size, and `vocabulary` that of the file of its words, in bytes.
    """

    papers: int
    index: int
    vocabulary: int
    node_cpu: dict[str, float]


class Page(msgspec.Struct):
    """Pages over HTTP: requests per second, and response times in milliseconds."""

    each_second: float
    p50: float
    p99: float


class Cluster(msgspec.Struct):
    """An index in a cluster.

    `trips` gives the number of searches by their number of requests, for further kinds of pages.
    `noise` has percentiles of the time of a request, divided by the median time of the same
    request: from 0 to 99, 99.9, and 100. `load_average` is that of the machine at the start, and
    `note` says by hand what shared the machine.
    `left_out` is the reason if nothing was measured.
    """

    setting: Setting
    version: str
    heap: str
    load_average: float
    load: Load | None = None
    kinds: dict[str, Compared] = {}
    trips: dict[str, dict[int, int]] = {}
    grown: list[Grown] = []
    noise: list[float] = []
    pages: dict[str, Page] = {}
    note: str = ""
    left_out: str | None = None
