"""Tests of `transcription/formats`."""
