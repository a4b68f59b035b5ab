"""Layout of PDF pages: words, columns, lines, running lines, paragraphs, headings."""
