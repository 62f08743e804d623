"""Coaching: partnerships, goals, actions, sessions, walks, training, portfolio."""
