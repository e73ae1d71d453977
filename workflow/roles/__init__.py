"""Who may do what: rights, duties, staff and the access log."""
