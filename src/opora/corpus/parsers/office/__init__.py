"""Parsers of office documents other than DOCX: text, spreadsheets and presentations."""
