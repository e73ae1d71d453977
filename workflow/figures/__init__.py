"""What became of applications, counted."""
