"""Text utilities of several readers: streams, encodings, records of lines, Markdown, citations."""
