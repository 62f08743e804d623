"""Tests of `annotation/lessons`."""
