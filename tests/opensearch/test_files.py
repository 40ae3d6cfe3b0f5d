"""The files of a generation that readers need, stored in a real cluster and copied from it."""

from pathlib import Path

import pytest

from indexer.cluster import load
from indexer.cluster.generations import ClusterGenerations
from indexer.generations import directory
from indexer.generations.manifest import MANIFEST, MANIFEST_DIGEST
from indexer.jobs import build
from tests.opensearch.generations import build_generation, make_titles

pytestmark = pytest.mark.thorough

NAME = "files"
THESAURUS = """\
[[concept]]
id = "border"
prefLabel = {en = "border"}
"""


def test_a_copy_is_a_generation_without_a_segment(
    generations: ClusterGenerations, tmp_path: Path
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    build_generation(corpus, index, make_titles(10))
    (corpus / "Border-number3-of-country3.jsonl").unlink()
    (corpus / "thesaurus.toml").write_text(THESAURUS, encoding="utf-8")
    local = build.build(corpus, index).generation
    load.publish(generations, local)
    copy = generations.download(generations.read_live_name(), tmp_path / "copies" / local.name)
    assert copy.name == local.name
    assert not copy.has_segment
    assert directory.integrity_errors(copy) == []
    assert copy.read_thesaurus() == local.read_thesaurus()
    assert copy.read_thesaurus().concept
    assert list(copy.read_retired()) == ["border-number3-of-country3"]
    assert copy.read_digests() == local.read_digests()
    assert copy.read_dates().tolist() == local.read_dates().tolist()
    assert copy.manifest.publications == local.manifest.publications == 9
    assert {file.name for file in copy.folder.iterdir()} == {
        "dates.zst", "digests.zst", MANIFEST, MANIFEST_DIGEST, "retired.zst", "thesaurus.json",
        "vocabulary.seg",
    }  # fmt: skip
