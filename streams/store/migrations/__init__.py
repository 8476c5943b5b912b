"""Schema of the store, one migration a change; Alembic applies what is missing."""
