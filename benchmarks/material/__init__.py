"""Synthetic lessons with known ground truth."""
