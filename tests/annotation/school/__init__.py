"""Tests of `annotation/school`."""
