"""The scheme language: what a document may say, as it is written."""
