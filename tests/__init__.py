"""The tests; a package, so that its helpers are imported as `tests.<name>` wherever pytest is started."""
