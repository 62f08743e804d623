"""Tests of `workers/pipeline`."""
