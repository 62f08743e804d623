"""Accuracy of the analysis against references."""
