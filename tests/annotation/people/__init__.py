"""Tests of `annotation/people`."""
