"""The ledger's schema, one Alembic revision a released version; forward only."""
