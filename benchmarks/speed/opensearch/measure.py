"""Measure an index in a cluster: building it, searching it, growth, and pages over HTTP."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from opensearchpy import OpenSearch

from benchmarks.speed import fresh, machine, pages, papers
from benchmarks.speed import serving as http
from benchmarks.speed.opensearch import node, queries, searching, serving, trips
from benchmarks.speed.opensearch.measured import Cluster, Grown, Load, Loaded, Page
from benchmarks.speed.workplace import Workplace
from indexer.cluster.connection import ClusterAddress
from indexer.cluster.documents import list_documents
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.vocabulary_file import VOCABULARY
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from indexer.generations.manifest import SEGMENT, Generation
from indexer.jobs.cluster_location import BUILD, get_folder
from search_app.engine.request import SearchRequest
from tests.opensearch.program import version

SIZES = (4, 2)
"""The parts of all papers in the smaller indexes: a quarter and a half."""
GROWN = 100
"""Number of searches of each kind whose CPU time is measured at each size, and number of other
pages."""
PERCENTILES = (*range(100), 99.9, 100)
"""The percentiles in `Cluster.noise`."""
PAPERS = "papers"
"""The name of the index of all papers."""

Searches = Mapping[str, Sequence[SearchRequest]]


def measure(work: Workplace) -> Cluster:
    """Measure on a node of this machine, which shares its processors."""
    setting = machine.setting(work.plan.file.name, work.size)
    part = Cluster(setting, version(), node.HEAP, round(os.getloadavg()[0], 2))
    part.left_out = node.find_reason()
    if part.left_out:
        return part
    folder = work.folder / "opensearch"
    folder.mkdir()
    searches = queries.draw(list(papers.read(work.lines)), work.plan.queries, work.plan.seed)
    with node.run_node(folder / "node") as host:
        address = ClusterAddress((host,), PAPERS)
        part.load = _load(work, address, folder)
        samples = [_build_sample(work, work.size // parts, host, folder) for parts in SIZES]
        pair = searching.open_pair(_get_build(address, folder), address, folder)
        noise = []
        for name, requests in searches.items():
            compared, ratios = searching.compare(pair, requests, work.plan.rounds)
            part.kinds[name] = compared
            noise.append(ratios)
            work.tell(
                f"{name}: median {compared.cluster.median:.1f} ms, {compared.own.median:.1f} of "
                f"them ours, {compared.hits} pages differ"
            )
        texts = [request.text for request in searches["two words"][:GROWN]]
        part.trips = trips.count_trips(pair.remote, texts)
        # At the end, when the node has compiled its code.
        part.grown = [_time_node(each, searches, folder) for each in (*samples, address)]
        part.noise = np.percentile(np.concatenate(noise), PERCENTILES).round(4).tolist()
        part.pages = _serve(work, address, folder)
    return part


def _load(work: Workplace, address: ClusterAddress, folder: Path) -> Load:
    """Build several times from nothing, then after a change of one paper."""
    corpus = _make_corpus(folder / "corpus", work.lines)
    builds = []
    for turn in range(work.plan.builds):
        if turn:
            client = OpenSearch(list(address.hosts))
            client.indices.delete(index=f"{address.name}*")
            shutil.rmtree(get_folder(address, folder))
        builds.append(_build(address, corpus, folder))
        work.tell(f"load of {work.size:,} papers: {builds[-1].load:.1f} s")
    changes = []
    for _ in range(work.plan.builds):
        papers.change_one(corpus / "papers.jsonl", folder / "changed.jsonl")
        (folder / "changed.jsonl").replace(corpus / "papers.jsonl")
        changes.append(_build(address, corpus, folder))
    live = directory.load_live(_get_build(address, folder))
    segment = Segment(live.segment, live.manifest.catalogue)
    documents = list_documents(segment, None, live.read_dates())
    sent = sum(len(document.source.encode()) for document in documents)
    return Load(
        builds, changes, sent=sent, index=_read_size(address),
        files=_read_files(address),
        segment=sum(_list_files(live, SEGMENT).values()),
    )  # fmt: skip


def _make_corpus(corpus: Path, lines: Path) -> Path:
    """Return a new corpus folder of papers with all their facets."""
    corpus.mkdir()
    shutil.copy(pages.CATALOGUE, corpus / "catalogue.toml")
    shutil.copy(lines, corpus / "papers.jsonl")
    return corpus


def _build(address: ClusterAddress, corpus: Path, folder: Path) -> Loaded:
    [host] = address.hosts
    return fresh.run(Loaded, host, address.name, corpus, folder, module="opensearch.loading")[0]


def _get_build(address: ClusterAddress, folder: Path) -> Path:
    """Return the index folder of the local builds."""
    return get_folder(address, folder) / BUILD


def _read_files(address: ClusterAddress) -> dict[str, int]:
    """Return the sizes of the files of a reader."""
    generations = ClusterGenerations(OpenSearch(list(address.hosts)), address.name)
    with TemporaryDirectory() as folder:
        name = generations.read_live_name()
        return _list_files(generations.download(name, Path(folder) / name))


def _list_files(generation: Generation, part: str = "") -> dict[str, int]:
    """Return the sizes of the files of a generation whose names begin with `part`."""
    files = generation.manifest.files.items()
    return {name: size for name, (size, _) in files if name.startswith(part)}


def _read_size(address: ClusterAddress) -> int:
    return node.read_size(OpenSearch(list(address.hosts)), address.name)


def _build_sample(work: Workplace, size: int, host: str, folder: Path) -> ClusterAddress:
    """Build an index of some papers in the cluster. Return its address."""
    address = ClusterAddress((host,), f"{PAPERS}{size}")
    _build(address, _make_corpus(folder / address.name, work.sample(size)), folder)
    return address


def _time_node(address: ClusterAddress, searches: Searches, folder: Path) -> Grown:
    """Search an index. Return its sizes, and the CPU time of the node."""
    pair = searching.open_pair(_get_build(address, folder), address, folder)
    files = _read_files(address)
    times = searching.time_node(pair, searches, GROWN)
    return Grown(pair.remote.size, _read_size(address), files[VOCABULARY], times)


def _serve(work: Workplace, address: ClusterAddress, folder: Path) -> dict[str, Page]:
    """Request pages over HTTP, or none if a program for it is missing."""
    if http.without_gunicorn() or http.without_wrk():
        return {}
    titles = [paper.title for paper in papers.read(work.lines)]
    texts = pages.searches(titles, min(http.PATHS, 8 * work.plan.queries), work.plan.seed)
    served = serving.measure(_get_build(address, folder), address, work.lines, texts, folder)
    for name, page in served.items():
        work.tell(f"{name}: {page.each_second:,.0f} pages per second, median {page.p50:.1f} ms")
    return served
