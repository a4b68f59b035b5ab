"""Tables of the report page, one kind per file."""
