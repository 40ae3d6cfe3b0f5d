"""The folder of a transformer is known by the digest of its files."""

import json
from pathlib import Path

import pytest

from indexer.analysis.embeddings import EncoderError
from indexer.analysis.transformer import Description, describe
from tests.tiny_model import write_model

PROMPTS, LENGTH, POOLING = (
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "encoder")


def write(folder: Path, name: str, content: object) -> Description:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return describe(folder)


def test_a_model_is_known_by_the_content_of_its_files(folder: Path, tmp_path: Path) -> None:
    first = describe(folder).model
    assert first == describe(write_model(tmp_path / "copy")).model
    models = {first, describe(write_model(tmp_path / "other", weight=2)).model}
    models.add(write(folder, PROMPTS, {"prompts": {"query": "q"}}).model)
    models.add(write(folder, LENGTH, {"max_seq_length": 8}).model)
    models.add(write(folder, "modules.json", []).model)
    models.add(write(folder, POOLING, {"pooling_mode_cls_token": True}).model)
    models.add(write(folder, "model.onnx_data", "weights").model)
    models.add(write(folder, "tokenizer.json", {}).model)
    assert len(models) == 8


def test_a_folder_describes_itself(folder: Path) -> None:
    plain = describe(folder)
    assert (plain.pooling, plain.max_tokens) == ("mean", 512)
    assert (plain.query_prompt, plain.document_prompt) == ("", "")
    prompts = {"prompts": {"query": "query: ", "passage": "passage: "}}
    prompted = write(folder, PROMPTS, prompts)
    assert (prompted.query_prompt, prompted.document_prompt) == ("query: ", "passage: ")
    assert write(folder, LENGTH, {"max_seq_length": 128}).max_tokens == 128
    assert write(folder, LENGTH, {"max_seq_length": 9000}).max_tokens == 512
    modes = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    assert write(folder, POOLING, modes).pooling == "cls"


def test_other_layers_are_named(folder: Path) -> None:
    both = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}
    assert "another pooling" in write(folder, POOLING, both).pooling
    modules = [{"type": f"sentence_transformers.models.{name}"} for name in ("Pooling", "Dense")]
    assert "the layer Dense" in write(folder, "modules.json", modules).pooling


def test_a_quantized_model_has_another_name(folder: Path) -> None:
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model_quantized.onnx")
    assert describe(folder).model_file == str(folder / "onnx" / "model_quantized.onnx")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(EncoderError, match=name):
        describe(folder)


def test_an_invalid_file_is_named(folder: Path) -> None:
    with pytest.raises(EncoderError, match=r"modules\.json of the encoder"):
        write(folder, "modules.json", {"type": 1})
