"""Benchmarks of speed and accuracy against references; slow, and some need data sets of your own."""
