"""The tests, in rooms like the code."""
