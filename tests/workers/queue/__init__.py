"""Tests of `workers/queue`."""
