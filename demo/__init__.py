"""A lesson that may be shipped: made by `make_recording.py`, with every word and pause known."""
