"""The files for a forge and for publishers agree with the project."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tools.environment import read_setup

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def load_yaml(path: Path) -> Any:
    # BaseLoader keeps texts: YAML 1.1 reads `on` as true, and 3.10 as a number.
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def list_steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in load_yaml(path)["jobs"].values() for step in job["steps"]]


def test_each_supported_python_is_tested() -> None:
    classifiers = read_setup()["metadata"]["classifiers"]
    job = load_yaml(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]["tests"]
    pythons = re.findall(r":: Python :: (3\.\d+)", classifiers)
    assert job["strategy"]["matrix"]["python"] == pythons
    assert job["steps"][-1] == {"run": ".ci/run"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_what_exists(path: Path) -> None:
    commands = " ".join(step.get("run", "") for step in list_steps(path))
    for target in re.findall(r"\bmake ([a-z-]+)", commands):
        assert f"\n{target}:" in MAKEFILE
    for file in re.findall(r"(?<![\w.])((?:deploy|tools|\.ci)/\w[\w./-]*)", commands):
        assert (ROOT / file).exists(), file
    for step in list_steps(path):
        assert "run" in step or re.search(r"@[0-9a-f]{40}$", step["uses"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_few_rights_and_ends(path: Path) -> None:
    workflow = load_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] == "true"
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert int(job["timeout-minutes"]) <= 90


def test_issue_forms_have_unique_fields() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = load_yaml(path)
        fields = [part for part in form["body"] if part["type"] != "markdown"]
        assert form["name"]
        assert form["description"]
        assert all(field["attributes"]["label"] for field in fields)
        assert len({field["id"] for field in fields}) == len(fields) > 0


def test_commits_are_checked_by_the_tools_of_lint() -> None:
    """Each hook of pre-commit is a command of `make lint`."""
    (local,) = load_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    for hook in local["hooks"]:
        command = hook["entry"].removeprefix(".venv/bin/")
        assert f"\t$(BIN)/{command}\n" in MAKEFILE


def test_the_files_of_a_release_have_one_version_and_date() -> None:
    metadata = read_setup()["metadata"]
    citation = load_yaml(ROOT / "CITATION.cff")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased, *releases = re.findall(r"^## (.+)$", changes, re.MULTILINE)
    assert unreleased == "[Unreleased]"
    assert releases[0] == f"[{metadata['version']}] - {citation['date-released']}"
    assert citation["version"] == metadata["version"]
    assert citation["authors"] == [{"name": metadata["author"]}]


def test_a_version_lists_each_kind_of_change_once() -> None:
    """A version in CHANGELOG.md has the headings of Keep a Changelog, each at most once."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for section in re.split(r"^## ", changes, flags=re.MULTILINE)[1:]:
        headings = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert len(set(headings)) == len(headings)
        assert set(headings) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
