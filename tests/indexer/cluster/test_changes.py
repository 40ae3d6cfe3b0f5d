"""The changes between two segments turn the documents of one into those of the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster.changes import find_changes, list_all
from indexer.cluster.documents import Source, list_documents, make_groups
from indexer.codec.segment.reader import Segment
from tests.indexer.codec.segments import fresh, moved, publications, written

REPORT = "Annual report on smuggling in Asia"


def apply(documents: dict[str, bytes], actions: Sequence[bytes]) -> None:
    """Apply the lines of a bulk request to documents by id."""
    for action in actions:
        line, _, document = action.partition(b"\n")
        ((kind, target),) = msgspec.json.decode(line).items()
        if kind == "delete":
            del documents[target["_id"]]
        else:
            documents[target["_id"]] = document


def read_all(segment: Segment, salt: int = 0) -> dict[str, bytes]:
    """Return all documents of a segment by id."""
    documents: dict[str, bytes] = {}
    source = Source(segment, make_groups(segment, salt))
    apply(documents, list(list_all(segment).list_actions(source, 0)))
    return documents


def find_actions(former: Segment, segment: Segment, skipped: int = 0) -> list[bytes]:
    """Return the lines of the bulk request with the changes, without the first ones."""
    source = Source(segment, make_groups(segment))
    load = find_changes(Source(former, make_groups(former)), source)
    actions = list(load.list_actions(source, skipped))
    assert len(actions) == load.size - skipped
    return actions


@given(publications(), publications(), st.data())
def test_changes_lead_to_the_other_segment(
    before: list[Publication], after: list[Publication], data: st.DataObject
) -> None:
    """For any publications, some kept, the changed documents are those of a full load."""
    kept = data.draw(st.lists(st.sampled_from(before), unique_by=id)) if before else []
    after = [*kept, *(each for each in after if each.id not in {one.id for one in kept})]
    with TemporaryDirectory() as name:
        former = written(Path(name) / "former", fresh(before))
        segment = written(Path(name) / "segment", fresh(after))
        documents = read_all(former)
        apply(documents, find_actions(former, segment))
        assert documents == read_all(segment)


def make(count: int) -> list[Publication]:
    """Return publications of different titles."""
    return [
        Publication(id=f"p{number}", title=f"Title {number}", source=SourceLocation("a", number))
        for number in range(count)
    ]


def list_changed(former: Segment, segment: Segment) -> list[str]:
    """Return what a change of each document is: a deletion, or a document."""
    lines = [action.partition(b"\n")[0] for action in find_actions(former, segment)]
    return [
        f"{kind} {to['_id']}" for line in lines for kind, to in msgspec.json.decode(line).items()
    ]


def test_only_changes_are_sent(tmp_path: Path) -> None:
    """A new publication, one with another line, and both editions of a title are sent."""
    first, *others = make(6)
    edition = msgspec.structs.replace(others[0], title=f"{REPORT} 2018")
    former = written(tmp_path / "former", fresh([first, edition, *others[1:]]))
    new = msgspec.structs.replace(others[0], id="new", title=f"{REPORT} 2019")
    made = [first, edition, moved(others[1], 9), *others[2:4], new]
    segment = written(tmp_path / "segment", fresh(made))
    assert list_changed(former, segment) == ["delete p5", "index p1", "index p2", "index new"]
    assert list_changed(former, former) == []


def test_another_dictionary_changes_no_document(tmp_path: Path) -> None:
    """If the first record changes, all records are compressed in another way, but stay equal."""
    former = written(tmp_path / "former", fresh(make(6)))
    first, *others = make(6)
    changed = msgspec.structs.replace(first, summary="Changed")
    segment = written(tmp_path / "segment", fresh([changed, *others]))
    assert former.docstore.dictionary != segment.docstore.dictionary
    assert list_changed(former, segment) == ["index p0"]


def test_a_load_continues_after_any_action(tmp_path: Path) -> None:
    """The actions after the first ones are the same as in the whole load."""
    former = written(tmp_path / "former", fresh(make(8)))
    segment = written(tmp_path / "segment", fresh(make(3)))
    later = written(tmp_path / "later", fresh([moved(each, 9) for each in make(5)]))
    for target in (segment, later):
        actions = find_actions(former, target)
        assert len(actions) >= 5
        for skipped in range(len(actions) + 1):
            assert find_actions(former, target, skipped) == actions[skipped:]


def test_any_documents_can_be_listed(tmp_path: Path) -> None:
    """The documents with given numbers are those of all documents."""
    segment = written(tmp_path / "segment", fresh(make(9)))
    source = Source(segment, make_groups(segment))
    documents = list(list_documents(source))
    for numbers in ([], [0], [8], [0, 1, 5, 7, 8], range(9)):
        listed = list_documents(source, np.array(numbers, np.int64))
        assert list(listed) == [documents[number] for number in numbers]
