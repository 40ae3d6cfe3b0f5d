"""A transformer runs in a process of its own, whose failures cost only its vectors."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path

import numpy as np
import pytest

from indexer.analysis import transformer
from indexer.analysis.embeddings import EncoderError
from indexer.analysis.transformer import TransformerEncoder
from tests.conftest import ROOT
from tests.tiny_model import BROKEN, STUCK, write_model
from tests.waiting import until

pytestmark = pytest.mark.slow

TITLES = ["Trafficking in children", "Handbook", "", "Kinder am Meer", "Unknown words"]
FORKING = """
import os, signal
from pathlib import Path
from indexer.analysis.transformer import TransformerEncoder
encoder = TransformerEncoder(Path("{folder}"))
encoder.prepare()
if not (worker := os.fork()):
    print(len(encoder.encode("children")), flush=True)
    os._exit(0)
os.waitpid(worker, 0)
print(encoder._process.pid, encoder._socket, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "encoder")


@pytest.fixture
def encoder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TransformerEncoder]:
    monkeypatch.setattr(transformer, "FIRST_DELAY", 0.05)
    with TransformerEncoder(folder) as encoder:
        encoder.prepare()
        yield encoder


def child_of(encoder: TransformerEncoder) -> subprocess.Popen[bytes]:
    assert encoder._process
    return encoder._process


def is_answered(encoder: TransformerEncoder, text: str) -> bool:
    try:
        encoder.encode(text)
    except EncoderError:
        return False
    return True


def is_running(pid: int) -> bool:
    try:
        status = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return ") Z " not in status


def test_texts_of_one_meaning_have_the_largest_cosine(encoder: TransformerEncoder) -> None:
    vectors = encoder.encode_weighted(TITLES, [""] * len(TITLES))
    assert encoder.size == vectors.shape[1] == 5
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (vectors @ encoder.encode("trata kinder")).argmax() == 0
    assert (vectors @ encoder.encode("buch")).argmax() == 1


def test_a_vector_depends_on_its_text_alone(folder: Path) -> None:
    summaries = ["at sea"] * len(TITLES)
    vectors = []
    for threads in (1, 3):
        with TransformerEncoder(folder, threads) as encoder:
            vectors.append(encoder.encode_weighted(TITLES, summaries))
            alone = [encoder.encode_weighted([each], ["at sea"]) for each in TITLES]
            vectors.append(np.concatenate(alone))
    assert len({each.tobytes() for each in vectors}) == 1


def test_prompts_precede_texts(folder: Path) -> None:
    prompts = '{"prompts": {"query": "meer ", "document": "buch "}}'
    (folder / "config_sentence_transformers.json").write_text(prompts, encoding="utf-8")
    with TransformerEncoder(folder) as encoder:
        (document,) = encoder.encode_weighted(["kinder"], [""])
        query = encoder.encode("kinder")
    half = pytest.approx(0.5**0.5)
    assert (document[2], document[3], document[4]) == (half, 0, half)
    assert (query[2], query[3], query[4]) == (half, half, 0)


def test_a_stuck_process_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that takes too long fails, the process ends itself, and a new one answers."""
    monkeypatch.setattr(transformer, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(transformer, "STUCK_SECONDS", 0.5)
    with TransformerEncoder(folder, seconds=0.3) as encoder:
        encoder.prepare()
        stuck = child_of(encoder)
        with pytest.raises(EncoderError, match=r"no answer in 0\.3 s"):
            encoder.encode(STUCK)
        assert encoder.failures == 1
        until(lambda: stuck.poll() is not None)
        until(lambda: is_answered(encoder, "children"))


def test_a_crash_costs_only_the_process(encoder: TransformerEncoder) -> None:
    cached = encoder.encode("sea")
    crashed = child_of(encoder)
    crashed.kill()
    crashed.wait()
    assert encoder.encode("sea") is cached
    assert not is_answered(encoder, "children")
    until(lambda: is_answered(encoder, "children"))


def test_a_changed_model_does_not_restart(
    encoder: TransformerEncoder, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "modules.json").write_text("[]", encoding="utf-8")
    child_of(encoder).kill()
    until(lambda: "has changed. Rebuild the index" in caplog.text)
    assert not is_answered(encoder, "children")


def test_numbers_that_are_no_vector_are_refused(encoder: TransformerEncoder) -> None:
    with pytest.raises(EncoderError, match="numbers that are no vector"):
        encoder.encode_weighted(["children", BROKEN], ["", ""])
    assert is_answered(encoder, "children")


def test_any_text_gets_an_answer(encoder: TransformerEncoder) -> None:
    """A text that is no valid Unicode fails alone. The process does not end."""
    child = child_of(encoder)
    for text in ("\ud800", "\0", " ", "x" * 100_000, "\u202e\U0010ffff"):
        is_answered(encoder, text)
    assert is_answered(encoder, "children")
    assert child.poll() is None


def test_an_idle_connection_delays_no_query(encoder: TransformerEncoder) -> None:
    with Client(str(encoder._socket), "AF_UNIX"):
        assert is_answered(encoder, "children")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("model.onnx", "damaged", r"can't be loaded: .*Protobuf parsing failed"),
        ("modules.json", '[{"type": "models.Dense"}]', "the layer Dense"),
    ],
)
def test_a_model_that_can_not_be_used_is_refused(
    folder: Path, name: str, data: str, reason: str
) -> None:
    (folder / name).write_text(data, encoding="utf-8")
    with TransformerEncoder(folder) as encoder, pytest.raises(EncoderError, match=reason):
        encoder.prepare()


def test_a_query_does_not_start_the_process(folder: Path) -> None:
    """A query fails at once if the process was not started."""
    with TransformerEncoder(folder) as encoder:
        assert not is_answered(encoder, "children")
        assert encoder._process is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these files")
def test_the_process_has_limits(encoder: TransformerEncoder) -> None:
    proc = Path("/proc") / str(child_of(encoder).pid)
    limits = (proc / "limits").read_text(encoding="utf-8")
    (memory,) = [line.split()[3] for line in limits.splitlines() if "address space" in line]
    assert 2e9 < int(memory) < 3e9
    variables = (proc / "environ").read_bytes().decode().split("\0")
    names = {each.partition("=")[0] for each in variables if each}
    assert names <= {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", *transformer.KEPT_VARIABLES}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these files")
def test_forked_processes_share_the_process(folder: Path) -> None:
    code = FORKING.format(folder=folder)
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    assert ended.returncode == -signal.SIGKILL
    size, pid, socket = ended.stdout.decode().split()
    assert size == "5"
    until(lambda: not is_running(int(pid)))
    assert not Path(socket).parent.exists()
