"""Tests of `transcription`."""
