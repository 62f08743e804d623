"""The pipeline table, and what carries its steps: dispatcher, actors, sweeper, broker."""
