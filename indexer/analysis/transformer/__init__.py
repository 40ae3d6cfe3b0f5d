"""Transformers in a folder: text embeddings by a model that the user brings.

It is a file of ONNX with a tokenizer, and needs the optional extra `onnx`.
"""
