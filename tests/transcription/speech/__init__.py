"""Tests of `transcription/speech`."""
