"""The tests, with one module for each module of the program."""
