"""Access rules: who may read or change what, and when."""
