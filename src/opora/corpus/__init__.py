"""Documents of many formats become one corpus of passages."""
