"""Formatting of DOCX: styles and automatic numbers."""
