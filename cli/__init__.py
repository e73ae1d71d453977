"""The command line: every way in which a person or a script reaches the service."""
