"""People and what they write: accounts, sharing, comments, coaching, and the access rules."""
