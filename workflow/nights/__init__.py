"""What a night needs of a database, and what it writes down."""
