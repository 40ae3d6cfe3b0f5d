"""Text analysis: text in, terms out.

`tokenizer` splits a text into words, `stemming` and `folding` turn words into terms, and
`cleaning` normalizes text. `language_detection` and `embeddings` are optional extras. This package
imports no other package of the project. Every other package may import all of its modules.
"""
