"""Tests of `transcription/words`."""
