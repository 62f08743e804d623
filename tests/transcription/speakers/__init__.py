"""Tests of `transcription/speakers`."""
