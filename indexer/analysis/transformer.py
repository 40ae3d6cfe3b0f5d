"""Transformers in a folder: text embeddings by a model that the user brings.

The folder has a file of ONNX with a tokenizer. Besides these, the files of the package
sentence-transformers are read that say how to make one vector of a text. Without them, the vector
is the mean over the tokens. The optional extra `onnx` is needed.

The encoder asks a child process (`transformer_process`) for vectors, and restarts it after a crash.
All processes that a server forks share one child, by its socket. Only the process that started it
restarts it.
"""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import file_digest, sha256
from multiprocessing.connection import Client
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Self, TypeVar

import msgspec
import numpy as np

from indexer.analysis.embeddings import MAX_CHARS, EncoderError, Vector
from indexer.errors import describe_installation

log = logging.getLogger(__name__)

_Data = TypeVar("_Data")

MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
"""The places of the model. The first that exists is used."""
TOKENIZER, POOLING, MODULES = "tokenizer.json", "1_Pooling/config.json", "modules.json"
PROMPTS, LENGTH = "config_sentence_transformers.json", "sentence_bert_config.json"
MAX_TOKENS = 512
"""Number of tokens of a text that are encoded, unless the folder has a lower limit."""
LAYERS = frozenset({"Transformer", "Pooling", "Normalize"})
"""The layers that are in the model, or need no weights."""
POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",  # nosec B105: the name of a token of a model
    "pooling_mode_lasttoken": "last",
}
PREFIX = "onnx sha256:"
"""The name of every model of a folder begins with it."""
VERSION = 1
"""Version of the procedure from a text to its vector. A new one makes new vectors."""


class _Module(msgspec.Struct):
    type: str


class _Length(msgspec.Struct):
    max_seq_length: int | None = None


class _Prompts(msgspec.Struct):
    prompts: dict[str, str] = {}


class Description(msgspec.Struct, frozen=True):
    """How a folder turns a text into a vector. The paths are absolute."""

    model_file: str
    tokenizer_file: str
    pooling: str
    """`mean`, `cls`, or `last`, or the reason why vectors of tokens can't be combined."""
    max_tokens: int
    query_prompt: str
    """The text before a query."""
    document_prompt: str
    """The text before a document."""
    digest: str
    """SHA-256 of all files, in hexadecimal."""

    @property
    def model(self) -> str:
        """The name of the model in an index. It changes with the content of any file."""
        return PREFIX + self.digest[:16]


def describe(folder: Path) -> Description:
    """Return the description of a folder after hashing its files. Raise EncoderError."""
    try:
        return _describe(folder.resolve())
    except OSError as error:
        message = f"the encoder {folder} can't be read: {error}"
        raise EncoderError(message, "Check the folder and its permissions") from error


def _describe(folder: Path) -> Description:
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    if model is None:
        message = f"the encoder {folder} has none of the files {', '.join(MODELS)}"
        raise EncoderError(message, "Export the model to ONNX, and copy it there")
    if not (folder / TOKENIZER).is_file():
        message = f"the encoder {folder} has no {TOKENIZER}"
        raise EncoderError(message, "Copy it from the original model")
    prompts = _read(folder, PROMPTS, _Prompts, _Prompts()).prompts
    length = _read(folder, LENGTH, _Length, _Length()).max_seq_length or MAX_TOKENS
    return Description(
        model_file=str(model),
        tokenizer_file=str(folder / TOKENIZER),
        pooling=_find_pooling(folder),
        max_tokens=min(max(length, 1), MAX_TOKENS),
        query_prompt=prompts.get("query", ""),
        document_prompt=prompts.get("document", prompts.get("passage", "")),
        digest=_digest(folder, model),
    )


def _read(folder: Path, name: str, kind: type[_Data], default: _Data) -> _Data:
    """Return the content of a file of JSON, or the default if there is none. Raise EncoderError."""
    file = folder / name
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind) if file.is_file() else default
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"{name} of the encoder {folder} is not valid: {error}"
        raise EncoderError(message, "Copy it again from the original model") from error


def _find_pooling(folder: Path) -> str:
    """Return the pooling of token vectors, or the reason why the program does not support it."""
    for module in _read(folder, MODULES, list[_Module], []):
        if (layer := module.type.rpartition(".")[2]) not in LAYERS:
            return f"the layer {layer} of {MODULES} is not in the model"
    settings = _read(folder, POOLING, dict[str, object], {})
    modes = [name for name, value in settings.items() if name.startswith("pooling_mode_") and value]
    if len(modes) > 1 or not POOLINGS.keys() >= {*modes}:
        return f"{POOLING} has another pooling"
    return POOLINGS[modes[0]] if modes else "mean"


def _digest(folder: Path, model: Path) -> str:
    """Return the SHA-256 of the names and contents of all files that a vector depends on."""
    # The names of separate weights begin with the name of the model.
    files = sorted(model.parent.glob(f"{model.name}*"))
    files += (folder / name for name in (TOKENIZER, POOLING, MODULES, PROMPTS, LENGTH))
    digest = sha256(f"{VERSION}\0".encode())
    for file in filter(Path.is_file, files):
        with file.open("rb") as stream:
            content = file_digest(stream, "sha256").hexdigest()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


PROGRAM = str(Path(__file__).with_name("transformer_process.py"))
PACKAGES = ("onnxruntime", "tokenizers")
START_SECONDS = 120.0
"""Time limit for loading a model."""
BATCH_SECONDS = 600.0
"""Time limit for one request of a build, with up to 64 texts."""
STUCK_SECONDS = 5.0
"""Seconds after which the child process ends itself if a query is not encoded."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
"""Seconds until the first restart after a crash, and the limit. Each crash doubles the delay."""
CACHED_QUERIES = 1024
"""Number of queries whose vectors are cached. Pages and facets of a list share one query."""
PAUSE_SECONDS = 1.0
"""Seconds without queries after one that took too long."""
LOG_SECONDS = 60.0
"""Seconds between two log lines about failed queries."""
KEPT_VARIABLES = ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Environment variables that libraries of the child process may need. It gets no others."""


class TransformerEncoder:
    """The encoder of a folder with a transformer. Threads and forked processes may share it.

    `threads` is the number of texts that are encoded at the same time. `seconds` is the time limit
    of a query. `prepare` starts the child process, and `close` ends it. A query never starts it.

    Raise EncoderError if the extra is missing, or the folder is not usable.
    """

    def __init__(self, folder: Path, threads: int = 1, seconds: float = 60.0) -> None:
        if any(importlib.util.find_spec(name) is None for name in PACKAGES):
            message = f"the encoder {folder} needs the extra `onnx`, which is not installed"
            raise EncoderError(message, describe_installation("onnx"))
        self._folder, self._threads, self._seconds = folder, threads, seconds
        self._description = describe(folder)
        self.model = self._description.model
        self.failures, self._logged, self._paused_until = 0, -LOG_SECONDS, -LOG_SECONDS
        self._socket: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._changing, self._closing = Lock(), Event()
        self._encode_cached = lru_cache(CACHED_QUERIES)(self._encode_query)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        return len(self.encode_weighted([""], [""])[0])

    def prepare(self) -> None:
        with self._changing:
            if self._socket is None:
                socket = Path(tempfile.mkdtemp(prefix="pubsearch-")) / "encoder"
                try:
                    self._process = self._spawn(socket)
                except EncoderError:
                    _remove(socket)
                    raise
                self._socket = socket
                Thread(target=self._restart_forever, name="encoder", daemon=True).start()

    def encode(self, text: str) -> Vector:
        """Return the vector of a query. Raise EncoderError if it takes longer than the limit.

        It is raised at once for PAUSE_SECONDS after that: a search may encode several texts.
        """
        return self._encode_cached(text[:MAX_CHARS])

    def _encode_query(self, text: str) -> Vector:
        try:
            if monotonic() < self._paused_until:
                raise self._make_error("is too slow")
            vectors = self._ask([text], self._description.query_prompt, self._seconds)
        except EncoderError as error:
            self.failures += 1
            if monotonic() - self._logged > LOG_SECONDS:
                self._logged = monotonic()
                log.warning("%s: searches use words alone", error.message)
            raise
        return np.asarray(vectors[0])

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        self.prepare()
        texts = [
            (f"{title}. {summary}" if summary else title)[:MAX_CHARS]
            for title, summary in zip(titles, summaries, strict=True)
        ]
        return self._ask(texts, self._description.document_prompt, BATCH_SECONDS)

    def _ask(self, texts: Sequence[str], prompt: str, seconds: float) -> Vector:
        """Return the vectors of texts, as rows. Raise EncoderError."""
        if self._socket is None:
            raise self._make_error("was not started")
        stuck = max(seconds, STUCK_SECONDS)
        request = json.dumps({"texts": texts, "prompt": prompt, "seconds": stuck}).encode()
        try:
            with Client(str(self._socket), "AF_UNIX") as connection:
                connection.send_bytes(request)
                if not connection.poll(seconds):
                    self._paused_until = monotonic() + PAUSE_SECONDS
                    raise self._make_error(f"gave no answer in {seconds:.1f} s")
                answer = connection.recv_bytes()
        except (OSError, EOFError) as error:
            raise self._make_error("does not run") from error
        if answer[:1] == b"\1":
            raise self._make_error(f"reports {answer[1:].decode(errors='replace')}")
        return np.frombuffer(answer, np.float32, offset=1).reshape(len(texts), -1)

    def _make_error(self, what: str) -> EncoderError:
        message = f"the process of the encoder {self._folder} {what}"
        return EncoderError(message, "Try the model with a small corpus, or use another one")

    def _spawn(self, socket: Path) -> subprocess.Popen[bytes]:
        """Start a child process, and wait until it listens. Raise EncoderError if it fails."""
        config = {
            "socket": str(socket),
            "threads": self._threads,
            "seconds": START_SECONDS,
            "description": msgspec.to_builtins(self._description),
        }
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        child = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", PROGRAM, json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        while not _is_listening(socket):
            if self._closing.is_set() or child.poll() is not None:
                reason = _end(child) or f"its process ended with status {child.returncode}"
                message = f"the encoder {self._folder} can't be loaded: {reason}"
                raise EncoderError(message, "Export the model again, for a runtime on a CPU")
            self._closing.wait(0.01)
        return child

    def _restart_forever(self) -> None:
        """Restart the child process whenever it ends, with a growing delay."""
        delay = FIRST_DELAY
        while True:
            started = monotonic()
            if self._process:
                self._process.wait()
            if self._closing.is_set():
                return
            delay = FIRST_DELAY if monotonic() - started > LONGEST_DELAY else delay
            log.warning("the encoder %s has ended, and restarts in %.0f s", self._folder, delay)
            self._closing.wait(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            with self._changing:
                if self._process:
                    _end(self._process)
                self._process = None
                if self._closing.is_set() or self._socket is None:
                    return
                self._socket.unlink(missing_ok=True)
                try:
                    if describe(self._folder).model != self.model:
                        message = f"the encoder {self._folder} has changed"
                        raise EncoderError(message, "Rebuild the index, and restart the server")
                    self._process = self._spawn(self._socket)
                except EncoderError as error:
                    log.warning("%s", error)

    def close(self) -> None:
        """End the child process."""
        self._closing.set()
        with self._changing:
            if self._process:
                _end(self._process)
            if self._socket:
                _remove(self._socket)


def _is_listening(socket: Path) -> bool:
    with suppress(OSError), Client(str(socket), "AF_UNIX"):
        return True
    return False


def _end(child: subprocess.Popen[bytes]) -> str:
    """End a child process. Return the last line of its output."""
    child.kill()
    return child.communicate()[0].decode(errors="replace").strip().rpartition("\n")[2]


def _remove(socket: Path) -> None:
    """Remove a socket, and the folder that was made for it."""
    socket.unlink(missing_ok=True)
    with suppress(OSError):  # the child process may have removed it
        socket.parent.rmdir()
