"""Tests of `web/routes/school`."""
