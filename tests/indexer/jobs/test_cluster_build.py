"""Builds for an index in a cluster, as far as they need no node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.ownership import State
from indexer.jobs import cluster_build

LIVE = "000001-AAAAAAAA"


class Damaged(ClusterGenerations):
    """A cluster whose only generation can't be copied."""

    def read_state(self) -> State:
        """Return one generation, which is live."""
        return State((LIVE,), (LIVE,), ())

    def download(self, generation: str, folder: Path, names: Sequence[str]) -> None:
        """Raise the error of a damaged file."""
        raise ClusterError(f"part 0 of {names[0]} in {generation} is damaged", "Roll back")


def test_a_build_names_the_damage_of_the_live_generation(tmp_path: Path) -> None:
    """The error has the reason, and not that a copy is missing on this machine."""
    generations = Damaged(OpenSearch("http://127.0.0.1:9", max_retries=0), "catalogue")
    with pytest.raises(ClusterError, match=r"part 0 of manifest\.json .* is damaged"):
        cluster_build.adopt(generations, tmp_path)
    assert not (tmp_path / "CURRENT").exists()
