"""Structure of documents: headings by form, and the places that people cite."""
