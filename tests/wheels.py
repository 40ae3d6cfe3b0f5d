"""Packages of requirements.lock as a folder, for tests that install them several times."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalogue import build_once

ROOT = Path(__file__).parents[1]
FILES = ("LICENSE", "README.md", "pyproject.toml", "requirements.lock", "setup.cfg")
"""The files of a checkout, besides its packages, that an environment is made from."""
EXTRAS = ("gunicorn", "flask-limiter", "pypdfium2")
"""The packages of the extras `production` and `pdf`."""


def get_wheels(factory: pytest.TempPathFactory) -> Path:
    """Return the folder, which the first test that needs it fills. Skip without network."""
    try:
        return build_once(factory, "wheels", _download)
    except subprocess.CalledProcessError:
        pytest.skip("the packages of requirements.lock can't be downloaded")


def from_wheels(wheels: Path) -> dict[str, str]:
    """Return an environment in which pip takes packages from a folder and nowhere else."""
    # Not the Python of an environment: a new one would be based on it.
    python = Path(sys.base_prefix, "bin", "python3")
    found = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PYTHON": str(python)}
    return {**os.environ, **found}


def _download(folder: Path) -> None:
    lock = ROOT / "requirements.lock"
    listed = folder / "serve.txt"
    listed.write_text(lock.read_text(encoding="utf-8").partition("# ---- ")[0], encoding="utf-8")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
    pip: list[str | Path] = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    fetch = [*pip, "download", "--require-hashes", "--only-binary", ":all:", "--dest", folder]
    subprocess.run([*fetch, "--requirement", listed], check=True)
    # The pip of the lock is the one that takes hashes from constraints.
    subprocess.run([*pip, "install", "--no-index", next(folder.glob("pip-*.whl"))], check=True)
    subprocess.run([*fetch, "--constraint", lock, *EXTRAS], check=True)
