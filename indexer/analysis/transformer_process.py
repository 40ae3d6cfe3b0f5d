"""Child process that runs a transformer on texts. A broken model costs only this process.

Its argument is a JSON object, which `transformer` makes. It loads the model, listens on a Unix
socket, and answers one request per connection. A request is a JSON object with `texts`, a `prompt`,
and the `seconds` until the process ends itself. The answer is a byte 0 and the vectors as float32,
row by row, or a byte 1 and an error. If the model can't be loaded, the error is on standard output.
The process ends at the end of its standard input, that is, with its parent.

This module is run by its path, and imports no other module of the project.
"""

import faulthandler
import json
import os
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

BACKLOG = 512
"""Number of connections that may wait. A full backlog would block the threads of the server."""
REQUEST_SECONDS = 1.0
"""Seconds to wait for a request on an open connection. Others wait for it."""
SPARE_BYTES = 2_000_000_000
"""Limit on the address space without the model. The libraries take 0.5 GB."""
MODEL_COPIES = 5
"""The limit on the address space grows by this multiple of the size of the model."""
INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
Array = NDArray[Any]


class _Model:
    """A loaded model with its tokenizer. Threads may share it."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._pooling = description["pooling"]
        self._tokenizer = Tokenizer.from_file(description["tokenizer_file"])
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(description["max_tokens"])
        options = onnxruntime.SessionOptions()
        # Texts are encoded in parallel, each in one thread, so its vector never depends on others.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            description["model_file"], options, providers=["CPUExecutionProvider"]
        )
        self._types = {
            each.name: np.int32 if each.type == "tensor(int32)" else np.int64
            for each in self._session.get_inputs()
        }
        if unknown := self._types.keys() - INPUTS:
            raise ValueError(f"the model needs the input {min(unknown)}")
        names = [each.name for each in self._session.get_outputs()]
        # Some models have the vector of the text next to those of its tokens.
        self._output = "sentence_embedding" if "sentence_embedding" in names else names[0]

    def encode(self, text: str) -> Array:
        """Return the vector of a text, of length 1. Raise ValueError if there is none."""
        ids = self._tokenizer.encode(text).ids or [0]
        size = len(ids)
        values = {"input_ids": ids, "attention_mask": [1] * size, "token_type_ids": [0] * size}
        inputs = {name: np.array([values[name]], kind) for name, kind in self._types.items()}
        output = np.asarray(self._session.run([self._output], inputs)[0], np.float32)
        if output.ndim == 3 and len(output) == 1:
            match self._pooling:
                case "mean":
                    output = output.mean(axis=1)
                case "cls":
                    output = output[:, 0]
                case "last":
                    output = output[:, -1]
                case reason:
                    raise ValueError(reason)
        if output.ndim != 2 or len(output) != 1:
            raise ValueError(f"the model returns the shape {output.shape}")
        length = np.linalg.norm(output)
        if not np.isfinite(length) or length == 0:
            raise ValueError("the model returns numbers that are no vector")
        vector: Array = output[0] / length
        return vector


def main(config: dict[str, Any]) -> None:
    """Load the model, and answer requests until standard input ends."""
    Thread(target=_end_with_parent, args=(Path(config["socket"]),), daemon=True).start()
    faulthandler.dump_traceback_later(config["seconds"], exit=True)
    try:
        _limit_resources(Path(config["description"]["model_file"]))
        model = _Model(config["description"])
        model.encode("")
    except Exception as error:  # noqa: BLE001 - a broken model can raise any exception
        print(_describe_error(error))
        sys.exit(1)
    faulthandler.cancel_dump_traceback_later()
    with (
        ThreadPoolExecutor(config["threads"]) as pool,
        Listener(config["socket"], "AF_UNIX", BACKLOG) as listener,
    ):
        while True:
            # A client that no longer waits has closed its end.
            with suppress(OSError, EOFError), listener.accept() as connection:
                _answer(connection, model, pool)


def _answer(connection: Connection, model: _Model, pool: ThreadPoolExecutor) -> None:
    """Answer a request. Raise EOFError or OSError if the client no longer waits."""
    if not connection.poll(REQUEST_SECONDS):
        return
    request = json.loads(connection.recv_bytes())
    if connection.poll():
        return
    faulthandler.dump_traceback_later(request["seconds"], exit=True)
    try:
        texts = [request["prompt"] + text for text in request["texts"]]
        vectors = [*pool.map(model.encode, texts)]
        answer = b"\0" + np.array(vectors, np.float32).tobytes()
    except Exception as error:  # noqa: BLE001 - a broken model can raise any exception
        answer = b"\1" + _describe_error(error).encode(errors="replace")
    faulthandler.cancel_dump_traceback_later()
    connection.send_bytes(answer)


def _describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _end_with_parent(socket: Path) -> None:
    """End this process when standard input ends. Remove the socket and its folder."""
    while os.read(0, 1 << 10):
        pass
    with suppress(OSError):
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()
    os._exit(0)


def _limit_resources(model: Path) -> None:
    size = sum(file.stat().st_size for file in model.parent.glob(f"{model.name}*"))
    limits = {resource.RLIMIT_AS: SPARE_BYTES + MODEL_COPIES * size, resource.RLIMIT_CORE: 0}
    for kind, max_value in limits.items():
        _, allowed = resource.getrlimit(kind)
        limit = max_value if allowed == resource.RLIM_INFINITY else min(max_value, allowed)
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
