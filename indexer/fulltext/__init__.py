"""The text of files: extracted page by page, within limits, and cached.

Modules: `text` has the text of a file. Readers, the codec, and jobs may import this package.
"""
