"""Event logs for process mining."""
