"""Tests of `web/routes/people`."""
