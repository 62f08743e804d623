"""Shared foundations of all packages: settings, database, tables, storage, pipeline steps, types, errors, CLI."""
