"""Accounts: invitations, sign-in, passwords, deletion, consent to a voice print."""
