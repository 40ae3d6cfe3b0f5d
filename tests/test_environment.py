"""The environment of a checkout: extras are pinned, and its own packages stay editable."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.wheels import FILES, from_wheels, get_wheels

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[1]


def test_an_extra_leaves_the_checkout_editable(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An extra has the versions of the lock, and edits have effect after it is installed.

    Rebuilding the environment installs it again.
    """
    settings = from_wheels(get_wheels(tmp_path_factory))
    for name in ("indexer", "search_app", "tools"):
        ignored = shutil.ignore_patterns("*.pyc")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in (*FILES, "Makefile"):
        shutil.copyfile(ROOT / name, tmp_path / name)

    def make(target: str) -> None:
        subprocess.run(["make", target], cwd=tmp_path, env=settings, check=True)

    def run(code: str) -> str:
        command: list[str | Path] = [tmp_path / ".venv" / "bin" / "python", "-c", code]
        return subprocess.run(command, cwd="/", check=True, capture_output=True, text=True).stdout

    make("environment-pdf")
    with (tmp_path / "indexer" / "__init__.py").open("a", encoding="utf-8") as module:
        module.write("\nEDITED = 1\n")
    pinned = run("from importlib.metadata import version; print(version('pypdfium2'))").strip()
    lock = (tmp_path / "requirements.lock").read_text(encoding="utf-8")
    assert f"\npypdfium2=={pinned} " in lock
    assert run("import indexer; print(indexer.EDITED)") == "1\n"
    (tmp_path / "requirements.lock").write_text(f"{lock}# changed\n", encoding="utf-8")
    make("environment")
    assert run("import indexer, pypdfium2; print(indexer.EDITED)") == "1\n"
    failed = subprocess.run(
        ["make", "environment-none"], cwd=tmp_path, env=settings,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "There is no extra 'none'. The extras are: pdf," in failed.stderr
