"""Shared test support: servers, processes, databases, factories."""
