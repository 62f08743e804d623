"""Tests of web/transfer."""
