"""Tests of `web/pdf`."""
