"""Tests of `annotation/coaching`."""
