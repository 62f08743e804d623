"""Routes of partnerships, goals, sessions, walks, training and the portfolio."""
