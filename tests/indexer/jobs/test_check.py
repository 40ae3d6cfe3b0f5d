"""A check reports the problems of a build, and the concepts that no publication has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.catalogue.records import Publication
from indexer.ingest.corpus import Progress
from indexer.jobs import build, check
from tests.conftest import ROOT
from tests.samples import article, page
from tests.search_app.engine import named

CONCEPTS = {
    "organs": {"en": ["removals of organs"]},
    "twice": {"en": ["nowhere at all", "victim"]},
    "accents": {"en": ["VICTÍMS"]},
    "country": {"en": ["Kenya"]},
    "section": {"en": ["papers"]},
    "over-a-break": {"en": ["organs victims"]},
    "over-a-paragraph": {"en": ["first second"]},
    "in-a-note": {"en": ["remarkable"]},
    "spanish": {"es": ["trata de persona"]},
    "french": {"fr": ["organs"]},
    "chinese": {"zh": ["贩运人口"]},
    "chinese-elsewhere": {"zh": ["运贩"]},
    "no-word": {"en": ["?!"]},
}
"""Labels of each concept."""
FOUND = {"organs", "twice", "accents", "country", "spanish", "chinese"}


@pytest.fixture
def checked(corpus: Path) -> check.CheckReport:
    """Return the verdict on the small corpus with these concepts and three more publications."""
    (corpus / "thesaurus.toml").write_text(
        "\n".join(
            f"[[concept]]\nid = {json.dumps(identity)}\nprefLabel = {{}}\n[concept.altLabel]\n"
            + "\n".join(f"{language} = {json.dumps(labels)}" for language, labels in names.items())
            for identity, names in CONCEPTS.items()
        ),
        encoding="utf-8",
    )
    lines = [
        {"title": "Guía sobre la trata de personas", "lang": "es", "section": "Tools"},
        {"title": "关于贩运人口的法律", "lang": "zh", "section": "Tools"},
        {
            "title": "A",
            "summary": ["The first.", "Second."],
            "section": "Tools",
            "note": "Remarkable",
        },
    ]
    text = "".join(f"{json.dumps(each)}\n" for each in lines)
    (corpus / "others.jsonl").write_text(text, encoding="utf-8")
    return check.check(corpus)


def test_concepts_without_publications_are_missing(checked: check.CheckReport) -> None:
    """A label occurs if its stems are adjacent in one searchable text in its language."""
    missing = [each.id for each in checked.missing]
    assert missing == [identity for identity in CONCEPTS if identity not in FOUND]
    assert (checked.concepts, checked.publications, checked.problems) == (13, 8, ())


def test_a_check_equals_a_build(corpus: Path, tmp_path: Path) -> None:
    """A check has the same problems, in the same order, and the same publications as a build."""
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
    """The progress counts each publication, and at the end all bytes of the pages."""
    seen = Seen()
    verdict = check.check(corpus, seen)
    assert seen.passed == verdict.publications == 5
    pages = (corpus / name for name in ("tools.html", "papers.html", "more.jsonl"))
    assert seen.read == sum(each.stat().st_size for each in pages)


@pytest.mark.slow
def test_missing_concepts_have_no_hits(tmp_path: Path) -> None:
    """A concept is missing exactly if a search for its Chinese label has no hits."""
    searcher = named.opened(tmp_path)
    missing = {each.id for each in check.check(tmp_path / "corpus").missing}
    assert missing == {"seal-hunting", "police-dogs"}
    for concept in searcher.generation.read_thesaurus().concept:
        found = named.answer(concept.prefLabel["zh"], searcher, match="all")
        assert (found.total == 0) == (concept.id in missing)


@pytest.mark.slow
def test_the_corpus_of_the_project_is_valid() -> None:
    """The corpus of the project has no problems and contains most concepts."""
    verdict = check.check(ROOT / "corpus")
    assert verdict.problems == ()
    assert verdict.publications == 136
    # The thesaurus also has concepts without publications. A search for one reports that.
    assert verdict.concepts - len(verdict.missing) >= 250
