"""Subjects that the catalogue lacks are not answered as if something about them had been found."""

from __future__ import annotations

import tomllib
from pathlib import Path

from indexer import analysis, generations, languages
from search_app.engine.snapshot import Snapshot

SUITE = tomllib.loads((Path(__file__).parent / "relevance" / "absent.toml").read_text("utf-8"))


def test_no_publication_has_a_word_of_an_absent_subject(catalogue_index: Path) -> None:
    """No word of an absent subject but stop words occurs in any publication."""
    snapshot = Snapshot(generations.current(catalogue_index))
    assert len(SUITE["subject"]) == 40
    for each in SUITE["subject"]:
        language = each["lang"]
        stop_words = languages.stop_words(language)
        for word in analysis.words(each["text"]):
            if word not in stop_words:
                assert not snapshot.frequency(languages.stem(word, language)), (each, word)
