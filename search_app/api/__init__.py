"""The JSON API: its responses, and the document that describes them."""
