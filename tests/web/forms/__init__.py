"""Tests of `web/forms`."""
