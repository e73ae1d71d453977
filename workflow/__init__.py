"""The rules of the board, pure: from the facts of an application to its standing, without I/O and without a clock."""
