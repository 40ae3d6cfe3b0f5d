"""The folder of a transformer: its files, their digest, and how texts become vectors.

Besides the model and the tokenizer, it reads the files of the package sentence-transformers that
say how to make one vector of a text. Without them, the vector is the mean over the tokens.
"""

from __future__ import annotations

from hashlib import file_digest, sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from indexer.analysis.embeddings import EncoderError

MODELS = (
    "model.onnx",
    "onnx/model.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
)
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
    """How a folder turns a text into a vector.

    `model_file`, `tokenizer_file`: absolute paths. `pooling`: `mean`, `cls`, or `last`, or the
    reason why vectors of tokens can't be combined. `query_prompt` and `document_prompt` precede
    the texts. `digest`: SHA-256 of all files, in hexadecimal.
    """

    model_file: str
    tokenizer_file: str
    pooling: str
    max_tokens: int
    query_prompt: str
    document_prompt: str
    digest: str

    @property
    def model(self) -> str:
        """The name of the model in an index. It changes with the content of any file."""
        return PREFIX + self.digest[:16]


def describe(folder: Path) -> Description:
    """Return the description of a folder. Raise EncoderError if it lacks a file, or has a bad one.

    All files are hashed.
    """
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


_Data = TypeVar("_Data")


def _read(folder: Path, name: str, kind: type[_Data], default: _Data) -> _Data:
    """Return the content of a file of JSON, or the default if there is none.

    Raise EncoderError if it is not valid.
    """
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
