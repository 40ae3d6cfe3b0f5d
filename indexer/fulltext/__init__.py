"""The text of files: extracted page by page, within limits, and cached."""
