"""Parser of DOCX."""
