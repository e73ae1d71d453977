"""Tests of the shape of the project: documents that cannot drift, names that must match."""
