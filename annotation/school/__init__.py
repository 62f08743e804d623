"""The school: staff list, line management, programme."""
