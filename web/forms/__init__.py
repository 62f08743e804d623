"""Forms that are refused: shown again, filled, with the error at its field."""
