"""The lock of builds in a real cluster, and the outcome of the last build."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import lock
from indexer.cluster.connection import ClusterError
from indexer.generations.last_build import LastBuild
from indexer.generations.manifest import IndexLocked
from tests.opensearch.cluster import Cluster
from tests.opensearch.generations import delete_all

NAME = "locked"


@pytest.fixture
def client(single_node: Cluster) -> Iterator[OpenSearch]:
    """Yield a client of a node without a lock."""
    yield single_node.client
    delete_all(single_node.client, NAME)


def test_one_build_has_the_lock(client: OpenSearch) -> None:
    """A second build is refused with the owner and the time, until the first one ends."""
    with lock.lock(client, NAME) as check:
        check()
        owner = rf"process {os.getpid()} on .+, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
        with pytest.raises(IndexLocked, match=owner), lock.lock(client, NAME):
            pass
        check()
        with lock.lock(client, f"{NAME}-other"):
            pass
    with lock.lock(client, NAME):
        pass


def test_an_error_releases_the_lock(client: OpenSearch) -> None:
    """A build that fails leaves no lock."""
    with pytest.raises(KeyError), lock.lock(client, NAME):
        raise KeyError
    with lock.lock(client, NAME):
        pass


def test_a_running_build_renews_its_lock(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build keeps the lock for longer than the lock is valid without a renewal."""
    monkeypatch.setattr(lock, "LOCK_SECONDS", 3.0)
    monkeypatch.setattr(lock, "RENEWAL_SECONDS", 0.2)
    with lock.lock(client, NAME):
        time.sleep(4)
        with pytest.raises(IndexLocked), lock.lock(client, NAME):
            pass


def test_the_lock_of_a_build_that_was_cut_off_expires(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build takes an expired lock. The first one notices that, and can't release it."""
    monkeypatch.setattr(lock, "LOCK_SECONDS", 0.5)
    with lock.lock(client, NAME) as check:
        time.sleep(1)
        with lock.lock(client, NAME) as other_check:
            with pytest.raises(IndexLocked):
                check()
            other_check()
        with pytest.raises(IndexLocked):
            check()
        monkeypatch.setattr(lock, "LOCK_SECONDS", 90.0)
        other = lock.lock(client, NAME)
        other.__enter__()
    with pytest.raises(IndexLocked), lock.lock(client, NAME):
        pass
    other.__exit__(None, None, None)


def start_builder(place: str) -> subprocess.Popen[str]:
    """Start a process that takes the lock. It has it when it has written a line."""
    program = (
        "import time\n"
        "from opensearchpy import OpenSearch\n"
        "from indexer.cluster import lock, process\n"
        f"find = process.identify_this; place = {place!r} or find().place\n"
        "process.identify_this = lambda: process.Process(place, find().pid, find().start)\n"
        f"with lock.lock(OpenSearch({os.environ['TEST_NODE']!r}), {NAME!r}):\n"
        "    print('locked', flush=True)\n"
        "    time.sleep(600)\n"
    )
    builder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert builder.stdout
    assert builder.stdout.readline() == "locked\n"
    return builder


def test_the_lock_of_a_process_that_was_killed_is_dropped(
    client: OpenSearch, single_node: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the machine of the killed build, the next one starts at once. On another, it waits."""
    monkeypatch.setenv("TEST_NODE", single_node.nodes[0].url)
    for place, is_dropped in (("", True), ("another machine", False)):
        with start_builder(place) as builder:
            with pytest.raises(IndexLocked, match=f"process {builder.pid} "):
                lock.lock(client, NAME).__enter__()
            builder.kill()
        if is_dropped:
            with lock.lock(client, NAME) as check:
                check()
        else:
            with pytest.raises(IndexLocked), lock.lock(client, NAME):
                pass


def test_a_lock_that_was_released_is_lost(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If another build took the lock and ended in the meantime, the first one notices that."""
    monkeypatch.setattr(lock, "LOCK_SECONDS", 0.5)
    with lock.lock(client, NAME) as check:
        time.sleep(1)
        with lock.lock(client, NAME):
            pass
        with pytest.raises(IndexLocked):
            check()


def test_the_outcome_of_the_last_build_is_stored(client: OpenSearch) -> None:
    """It can be read on any machine. There is none before the first build."""
    assert lock.read_last_build(client, NAME) is None
    outcome = LastBuild("2026-11-27T09:00:00+00:00", "failed", 1.5, "the disk is full")
    with lock.lock(client, NAME):
        lock.write_last_build(client, NAME, outcome)
    assert lock.read_last_build(client, NAME) == outcome


def test_without_a_cluster_there_is_no_lock() -> None:
    """The error says what could not be read."""
    away = OpenSearch("http://127.0.0.1:9", max_retries=0)
    with pytest.raises(ClusterError, match="of locked can't be listed"), lock.lock(away, NAME):
        pass
    assert lock.read_last_build(away, NAME) is None
