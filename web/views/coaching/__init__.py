"""Views of partnerships, goals, sessions, walks and the portfolio."""
