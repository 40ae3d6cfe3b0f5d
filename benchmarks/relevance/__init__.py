"""How good the ranking is: judged sets through this engine and its peers."""
