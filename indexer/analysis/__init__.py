"""Text analysis: text in, terms out."""
