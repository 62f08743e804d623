"""Tests of `transcription/questions`."""
