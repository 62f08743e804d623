"""Question detection, kinds of question and wait times."""
