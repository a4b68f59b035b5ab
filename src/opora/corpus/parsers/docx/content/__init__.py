"""Content of the paragraphs of DOCX: text, fields, equations, symbols."""
