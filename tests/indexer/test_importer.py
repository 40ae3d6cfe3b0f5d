"""A file of publications becomes a corpus folder, and nothing of it is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from indexer import corpus as reading
from indexer import fields, importer
from indexer.importer import ImportRefused
from indexer.record import Problem, Publication
from tests.samples import article, page

LINES = [
    {"title": "Model Law", "section": "Tools", "year": 2009, "summary": "Provisions.",
     "country": ["IN", "KE"], "link": {"url": "https://example.org/", "label": "Here"}},
    {"id": "brief/6", "title": "Brief & <more>", "section": "Films, old", "language": "fr"},
    {"title": "Model Law", "section": "Films: old", "year": 2009},
    {"title": "Of no section", "lang": "es"},
]  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of four publications, two of them of one title and year."""
    file = tmp_path / "list.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in LINES), encoding="utf-8")
    return file


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "new" / "corpus"


def read_back(folder: Path, problems: list[Problem]) -> dict[str, Publication]:
    """The publications of an imported folder by their ids, ancestors added."""
    catalogue = fields.load(folder)
    return {each.id: each for each in reading.read(folder, catalogue, problems.append)}


def said(publication: Publication) -> Publication:
    """A publication without its place."""
    return msgspec.structs.replace(publication, source=LINES_SOURCE)


LINES_SOURCE = msgspec.convert({"file": "list.jsonl", "line": 1}, type=reading.Problem) if False else None
