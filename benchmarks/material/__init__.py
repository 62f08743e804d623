"""Made lessons and spoken lessons with known truth."""
