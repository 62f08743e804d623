"""Tests of `ingest/media`."""
