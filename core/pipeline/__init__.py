"""The analysis pipeline as data: stages, steps and their status."""
