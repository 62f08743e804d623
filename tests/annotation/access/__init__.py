"""Tests of `annotation/access`."""
