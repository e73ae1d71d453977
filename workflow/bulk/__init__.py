"""Bulk files: what their columns mean, and how a whole round is taken in."""
