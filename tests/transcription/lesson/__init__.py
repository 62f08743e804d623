"""Tests of `transcription/lesson`."""
