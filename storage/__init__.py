"""Where facts are kept: event store, candidate registry, scheme shelf and job ledger on SQLite and PostgreSQL."""
