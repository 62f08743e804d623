"""Tests of the room that hears: words, voices, questions, measures."""
