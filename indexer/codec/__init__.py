"""The Whoosh codec: write one segment of the index and open it for Whoosh."""
