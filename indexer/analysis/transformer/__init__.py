"""Transformers in a folder: text embeddings by a model that the user brings.

The model is a file of ONNX with a tokenizer. `folder` reads its description, and `process` runs it
in a child process. `encoder` starts that process, and asks it for vectors. It needs the optional
extra `onnx`.
"""
