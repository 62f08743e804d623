"""Tests of `web/routes/lessons`."""
