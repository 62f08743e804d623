"""Tests of `ingest/upload`."""
