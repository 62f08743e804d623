"""Tests of `web/routes/coaching`."""
