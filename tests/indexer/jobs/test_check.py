"""A check reports the problems of a build."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.catalogue.records import Publication
from indexer.ingest.corpus import Progress
from indexer.jobs import build, check
from tests.conftest import ROOT
from tests.samples import article, page


def test_a_check_equals_a_build(corpus: Path, tmp_path: Path) -> None:
    articles = [article("", "untitled"), article("Twice", "same"), article("Twice", "same")]
    (corpus / "bad.html").write_text(page([*articles, article("Y", year="1")]), encoding="utf-8")
    (corpus / "image.png").write_bytes(b"")
    verdict = check.check(corpus)
    outcome = build.build(corpus, tmp_path / "index")
    assert list(verdict.problems) == outcome.problems
    assert len(verdict.problems) >= 4
    assert verdict.publications == outcome.generation.manifest.publications
    assert verdict.catalogue == outcome.generation.manifest.catalogue


class Seen(Progress):
    """Progress that counts publications and bytes."""

    def __init__(self) -> None:
        self.passed, self.read = 0, 0

    def report_bytes(self, count: int) -> None:
        self.read = count

    def report_publications(self, publications: Sequence[Publication]) -> None:
        self.passed += len(publications)


def test_a_check_reports_its_progress(corpus: Path) -> None:
    seen = Seen()
    verdict = check.check(corpus, seen)
    assert seen.passed == verdict.publications == 5
    pages = (corpus / name for name in ("tools.html", "papers.html", "more.jsonl"))
    assert seen.read == sum(each.stat().st_size for each in pages)


@pytest.mark.slow
def test_the_corpus_of_the_project_is_valid() -> None:
    verdict = check.check(ROOT / "corpus")
    assert verdict.problems == ()
    assert verdict.publications == 136
