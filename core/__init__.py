"""What every room stands on: settings, database, models, storage, steps, types, errors, command line."""
