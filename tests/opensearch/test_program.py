"""The program of a node without the tools that make it."""

from pathlib import Path

import pytest

from tests.opensearch import program


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(program.Unavailable, match="java, javac, mvn not found"):
        program.find_class_path()


@pytest.mark.usefixtures("class_path")
def test_a_failed_download_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(program.SETTING, str(tmp_path))
    monkeypatch.setattr(program, "POM", tmp_path / "pom.xml")
    program.POM.write_text("<opensearch.version>0</opensearch.version>", encoding="utf-8")
    with pytest.raises(program.Unavailable, match=r"mvn failed:\n(.|\n)*Malformed POM"):
        program.find_class_path()
    assert list(tmp_path.iterdir()) == [program.POM]
