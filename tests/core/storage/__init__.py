"""Tests of `core/storage`."""
