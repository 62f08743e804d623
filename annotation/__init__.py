"""People and what they say to each other, and the rules of who may see what."""
