"""When the clock's work is done: the jobs and the runner that wakes them; what is owed is decided by the database."""
