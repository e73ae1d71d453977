"""The audit: histories checked, decided again, told, compared, and tried under other rules."""
