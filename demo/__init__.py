"""The demo lesson: a recording that may be shipped, with every word and pause known."""
