"""Fault injection: killed processes, duplicate messages, full disks, hostile files."""
