"""Elements that documents of many formats share: tables, numbers of lists, raised figures, facts on the document."""
