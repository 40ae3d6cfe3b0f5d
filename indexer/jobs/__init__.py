"""The commands of the write side, for the command line and the background build of the server."""
