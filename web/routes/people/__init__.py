"""Routes of accounts and sign-in."""
