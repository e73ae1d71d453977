"""What a board does: its use cases beyond a single fact."""
