"""Tests of `web/security`."""
