"""Tests of `workers/analyse`."""
