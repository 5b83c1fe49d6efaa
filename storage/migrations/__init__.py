"""Alembic's side of the tables: one file a change, applied by storage/upgrade.py."""
