"""Clusters of one or more test nodes on this machine, each node in a process of its own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from opensearchpy import OpenSearch, TransportError

PATIENCE = 300
"""Seconds that a slow machine may take to start the nodes of a cluster or to recover an index."""
RECOVERY_PATIENCE = 60
"""Seconds that copies may take to recover from each other before all nodes are restarted."""
PAUSE = 0.2
"""Seconds between two requests to a node that does not answer yet."""
LOG_END = 4000
"""Characters of a log in an error message."""
JAVA = (
    "java",
    "-Xms512m",
    "-Xmx512m",
    # With the serial collector, a node counts garbage as used memory and refuses requests.
    "-XX:+UseG1GC",
    # Without the optimizing compiler, a node starts in half the CPU time.
    "-XX:TieredStopAtLevel=1",
    "-Dlog4j2.level=INFO",
)


class NodeError(Exception):
    """A node ended or did not reach a state in time. The message has the end of its log."""


class Node:
    """A node and its folder.

    The folder has the data, which a restart keeps, and the log. The node also ends when this
    process ends.
    """

    def __init__(self, folder: Path, command: list[str], settings: Mapping[str, object]) -> None:
        self.name = folder.name
        self.log = folder / "log"
        self.url = f"http://127.0.0.1:{settings['http.port']}"
        self.client = OpenSearch(self.url, max_retries=0)
        self._folder = folder
        self._command = [*command, *(f"{name}={value}" for name, value in settings.items())]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process exists. A paused one does."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process. Do not wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches only the tests, which then stop the node.
                process_group=0,
            )

    def wait(self, status: str, count: int, patience: float = PATIENCE) -> None:
        """Wait until the node answers that `count` nodes have the status or a better one.

        Raise NodeError if the node ends, or after `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                # The node answers after 30 s at the latest.
                self.client.cluster.health(
                    wait_for_status=status, wait_for_nodes=str(count), request_timeout=60
                )
            except TransportError as problem:
                if not self.is_running:
                    raise NodeError(self._describe("has ended")) from problem
                if time.monotonic() > deadline:
                    state = f"is not {status} in a cluster of {count} nodes"
                    raise NodeError(self._describe(state)) from problem
                time.sleep(PAUSE)
            else:
                return

    def kill(self) -> None:
        """End the process at once, as a power failure does."""
        self._signal(signal.SIGKILL).communicate()

    def pause(self) -> None:
        """Stop the process without closing its connections. All its threads have stopped."""
        os.waitid(os.P_PID, self._signal(signal.SIGSTOP).pid, os.WSTOPPED)

    def resume(self) -> None:
        """Continue a paused process."""
        self._signal(signal.SIGCONT)

    def stop(self) -> int:
        """End the process in order. Return its exit status."""
        process = self._signal(signal.SIGCONT)
        process.communicate()
        return process.returncode

    def _signal(self, number: int) -> subprocess.Popen[bytes]:
        assert self._process, f"{self.name} was not started"
        self._process.send_signal(number)
        return self._process

    def _describe(self, state: str) -> str:
        end = self.log.read_text(encoding="utf-8", errors="replace")[-LOG_END:]
        return f"{self.name} {state}. The end of {self.log}:\n{end}"


class Cluster:
    """Nodes that know each other. Each can be elected and has data."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        # A client for all: it sends a request to the next node if one does not answer.
        self.client = OpenSearch([node.url for node in nodes])

    def start(self) -> None:
        """Start the nodes that do not run, and wait until all are green."""
        self._start_nodes()
        try:
            self.wait("green", RECOVERY_PATIENCE)
        except NodeError:
            # A node that was paused, or lost the others, may never send a copy of a shard again.
            for node in self.nodes:
                node.stop()
            self._start_nodes()
            self.wait("green")

    def _start_nodes(self) -> None:
        for node in self.nodes:
            if not node.is_running:
                node.start()
        self.wait("red")
        # Otherwise the copies of a node that was away are given to another after a minute.
        self.client.indices.put_settings(
            {"index.unassigned.node_left.delayed_timeout": "0"}, index="*", allow_no_indices=True
        )

    def wait(self, status: str, patience: float = PATIENCE) -> None:
        """Wait until each running node answers that all of them have the status or a better one.

        Raise NodeError if a node ends, or after `patience` seconds.
        """
        running = [node for node in self.nodes if node.is_running]
        for node in running:
            node.wait(status, len(running), patience)

    def stop(self) -> None:
        """Stop the nodes that run, and close all clients."""
        for node in self.nodes:
            if node.is_running:
                node.stop()
            node.client.close()
        self.client.close()


@contextmanager
def run_cluster(
    folder: Path, class_path: str, size: int = 1, java: Sequence[str] = JAVA
) -> Iterator[Cluster]:
    """Start a cluster of `size` nodes in `folder`, and stop it in the end.

    `java` is the command of Java with its options. Raise NodeError if a node does not start.
    """
    ports = _find_free_ports(2 * size)
    transport = ports[size:]
    names = [f"node-{number}" for number in range(1, size + 1)]
    shared = {
        "cluster.name": folder.name,
        "cluster.initial_cluster_manager_nodes": ",".join(names),
        # A disk that is nearly full must not change the result of a test.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        # The default of 15 min is also that of a recovery from a node that was paused meanwhile.
        "indices.recovery.internal_action_timeout": "20s",
        "indices.recovery.internal_action_long_timeout": "40s",
        "indices.recovery.recovery_activity_timeout": "40s",
        # A search that a pause cut in two keeps its shard open on the node, for 5 min by default.
        # The node cannot have the shard again before, and the cluster gives up after 5 attempts.
        "search.default_keep_alive": "10s",
        "search.keep_alive_interval": "1s",
        "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in transport),
        "network.host": "127.0.0.1",
    }
    command = [*java, "-cp", class_path, "TestNode"]
    cluster = Cluster(
        [
            Node(
                folder / name,
                command,
                {
                    **shared,
                    "path.home": folder / name,
                    "node.name": name,
                    "http.port": http,
                    "transport.port": port,
                },
            )
            for name, http, port in zip(names, ports, transport, strict=False)
        ]
    )
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _find_free_ports(count: int) -> list[int]:
    """Return different ports that nothing listens on at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
