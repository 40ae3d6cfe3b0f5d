"""`thesaurus.toml` defines synonyms. An invalid one is rejected with a reason."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.cleaning import fold
from indexer.catalogue import thesaurus
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.thesaurus import THESAURUS_FILE, Concept, Thesaurus
from indexer.generations import directory, manifest
from indexer.jobs import build
from tests.conftest import ROOT


def concept(identity: str, **said: object) -> str:
    labels = said.pop("prefLabel", {"en": identity})
    others = said.pop("altLabel", {})
    lines = ["[[concept]]", f"id = {json.dumps(identity)}"]
    lines += [f"{key} = {json.dumps(said[key])}" for key in said]
    for name, table in (("prefLabel", labels), ("altLabel", others)):
        assert isinstance(table, dict)
        lines += [f"[concept.{name}]", *(f"{key} = {json.dumps(table[key])}" for key in table)]
    return "\n".join([*lines, ""])


def write(folder: Path, *concepts: str) -> Path:
    (folder / THESAURUS_FILE).write_text("\n".join(concepts), encoding="utf-8")
    return folder


FAULTS = {
    "an id twice": (concept("a"), concept("a", prefLabel={"en": "b"}), "have the id 'a'"),
    "an acronym twice": (
        concept("a", acronyms=["THB"]), concept("b", acronyms=["TIP", "THB"]),
        "have the acronym 'THB'",
    ),
    "a label twice": (
        concept("a", prefLabel={"en": "sea"}), concept("b", prefLabel={"en": "sea"}),
        "have the label 'sea' in 'en'",
    ),
    "a label twice but for case": (
        concept("a", prefLabel={"en": "By Sea"}), concept("b", prefLabel={"en": "by sea"}),
        "have the label 'by sea' in 'en'",
    ),
    "a label twice but for accents": (
        concept("a", prefLabel={"fr": "Traité"}), concept("b", altLabel={"fr": ["traite"]}),
        "have the label 'traite' in 'fr'",
    ),
    "another label twice": (
        concept("a", altLabel={"ru": ["море"]}), concept("b", altLabel={"ru": ["суша", "Море"]}),
        "have the label 'море' in 'ru'",
    ),
    "an unknown concept above": (concept("a", broader=["b"]), "narrower than 'b', which does not"),
    "itself above": (concept("a", broader=["a"]), "'a' is broader than itself"),
    "a circle of two": (
        concept("a", broader=["b"]), concept("b", broader=["a"]), "'a' is broader than itself",
    ),
    "a circle above": (
        concept("low", broader=["a"]), concept("a", broader=["b"]),
        concept("b", broader=["c"]), concept("c", broader=["a"]), "'a' is broader than itself",
    ),
    "an unknown related concept": (
        concept("a", related=["b"]), "related to 'b', which does not exist",
    ),
    "related to itself": (concept("a", related=["a"]), "'a' is related to 'a'"),
    "related to what is broader": (
        concept("a", broader=["b"], related=["b"]), concept("b"), "'a' is related to 'b'",
    ),
    "unknown key": (concept("a", narrower=["b"]), "`narrower`"),
    "unknown key of the file": ('title = "T"', concept("a"), "`title`"),
    "no label": ('[[concept]]\nid = "a"\n', "`prefLabel`"),
    "no id": ('[[concept]]\nprefLabel = { en = "a" }\n', "`id`"),
    "several preferred labels": (concept("a", prefLabel={"en": ["a", "b"]}), "Expected `str`"),
    "one other label": (concept("a", altLabel={"en": "b"}), "Expected `array`"),
    "no TOML": ("[[concept", "Expected ']]'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_is_rejected(fault: tuple[str, ...], tmp_path: Path) -> None:
    *concepts, what = fault
    with pytest.raises(CatalogueError) as caught:
        thesaurus.load(write(tmp_path, *concepts))
    assert caught.value.file == tmp_path / THESAURUS_FILE
    assert what in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "concepts",
    [
        (concept("a", acronyms=["THB"]), concept("b", acronyms=["Thb"])),
        (concept("a", prefLabel={"es": "mar"}), concept("b", prefLabel={"pt": "mar"})),
        (concept("a", prefLabel={"en": "sea"}, altLabel={"en": ["Sea", "seas"]}),),
        (concept("a", acronyms=["THB", "THB"]),),
        (concept("a"), concept("b", broader=["a"]), concept("c", broader=["a", "b"])),
        (concept("c", broader=["a"]), concept("a")),
        (concept("a", related=["b"]), concept("b", related=["a"])),
    ],
    ids=[
        "acronyms differ in case", "one word in two languages", "a label twice in one concept",
        "an acronym twice in one concept", "two ways up", "above comes later",
        "two name each other as related",
    ],
)  # fmt: skip
def test_valid_thesaurus_is_loaded(concepts: tuple[str, ...], tmp_path: Path) -> None:
    assert len(thesaurus.load(write(tmp_path, *concepts)).concept) == len(concepts)


def test_a_missing_file_is_an_empty_thesaurus(tmp_path: Path) -> None:
    assert thesaurus.load(tmp_path) == Thesaurus()


def test_labels_are_grouped_by_language(tmp_path: Path) -> None:
    """Labels are grouped by language, the preferred one first. A language may lack it."""
    folder = write(
        tmp_path,
        concept(
            "a", prefLabel={"en": "sea", "fr": "mer"}, altLabel={"en": ["ocean"], "es": ["mar"]}
        ),
    )
    (found,) = thesaurus.load(folder).concept
    assert found.languages == ("en", "fr", "es")
    assert found.get_labels("en") == ("sea", "ocean")
    assert found.get_labels("fr") == ("mer",)
    assert found.get_labels("es") == ("mar",)
    assert found.get_labels("ru") == ()
    assert thesaurus.load(folder).by_id == {"a": found}


@pytest.mark.slow
def test_the_thesaurus_of_the_corpus_is_valid() -> None:
    found = thesaurus.load(ROOT / "corpus")
    assert len(found.concept) >= 150
    for each in found.concept:
        assert set(each.prefLabel) >= {"ar", "en", "es", "fr", "ru", "zh"}, each.id
        assert all(label.strip() == label != "" for label in each.prefLabel.values()), each.id
        assert all(acronym[0].isupper() for acronym in each.acronyms), each.id
        assert "'" not in "".join(each.get_labels("fr")), each.id  # as in the interface


NAMES = st.sampled_from(("sea", "Sea", "séa", "boat", "law", "LAW"))
CONCEPTS = st.lists(
    st.builds(
        Concept,
        id=st.sampled_from("abcd"),
        prefLabel=st.dictionaries(st.sampled_from(("en", "fr")), NAMES, min_size=1),
        altLabel=st.dictionaries(
            st.sampled_from(("en", "ru")), st.lists(NAMES, max_size=2).map(tuple)
        ),
        acronyms=st.lists(st.sampled_from(("A", "B")), max_size=2).map(tuple),
        broader=st.lists(st.sampled_from("abcde"), max_size=2).map(tuple),
        related=st.lists(st.sampled_from("abcde"), max_size=1).map(tuple),
    ),
    max_size=4,
)


@given(concepts=CONCEPTS)
def test_a_thesaurus_without_faults_is_unambiguous(concepts: list[Concept]) -> None:
    found = Thesaurus(tuple(concepts))
    names = Counter(
        (language, name)
        for each in concepts
        for language in each.languages
        for name in {fold(label) for label in each.get_labels(language)}
    )
    names += Counter(("", acronym) for each in concepts for acronym in set(each.acronyms))
    names += Counter(("id", each.id) for each in concepts)
    is_sound = all(count == 1 for count in names.values()) and _ends(concepts)
    ids = {each.id for each in concepts}
    is_sound &= all(set(each.related) <= ids - {each.id, *each.broader} for each in concepts)
    assert (list(thesaurus.find_faults(found)) == []) == is_sound


def _ends(concepts: list[Concept]) -> bool:
    left = {each.id: set(each.broader) for each in concepts}
    while lowest := {each for each, above in left.items() if not above}:
        left = {each: above - lowest for each, above in left.items() if each not in lowest}
    return not left


def test_a_change_of_the_thesaurus_is_published(corpus: Path, tmp_path: Path) -> None:
    index, segments = tmp_path / "index", list[dict[str, bytes]]()

    def built() -> str:
        outcome = build.build(corpus, index)
        generation = outcome.generation
        assert generation.read_thesaurus() == thesaurus.load(corpus)
        segments.append({each.name: each.read_bytes() for each in generation.segment.glob("*.seg")})
        return outcome.status

    assert [built(), built()] == ["published", "unchanged"]
    write(corpus, concept("organs", acronyms=["OR"]))
    assert [built(), built()] == ["published", "unchanged"]
    write(corpus, concept("organs", acronyms=["OR"], altLabel={"fr": ["organes"]}))
    assert [built(), built()] == ["published", "unchanged"]
    (corpus / THESAURUS_FILE).unlink()
    assert [built(), built()] == ["published", "unchanged"]
    assert all(segment == segments[0] for segment in segments)


def test_an_invalid_thesaurus_publishes_nothing(corpus: Path, tmp_path: Path) -> None:
    live = build.build(corpus, tmp_path / "index").generation
    write(corpus, concept("a"), concept("a"))
    with pytest.raises(CatalogueError, match="two concepts have the id 'a'"):
        build.build(corpus, tmp_path / "index")
    assert directory.load_live(tmp_path / "index").name == live.name


def test_a_damaged_thesaurus_is_detected(corpus: Path, tmp_path: Path) -> None:
    write(corpus, concept("organs"))
    live = build.build(corpus, tmp_path / "index").generation
    assert directory.integrity_errors(live) == []
    file = live.folder / manifest.THESAURUS
    file.write_bytes(file.read_bytes().replace(b"organs", b"orgams"))
    assert directory.integrity_errors(live) == ["thesaurus.json does not match the manifest"]
