"""What a hostile corpus can do: nothing but be told."""
