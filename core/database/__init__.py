"""The database: sessions, migrations, events, backup."""
