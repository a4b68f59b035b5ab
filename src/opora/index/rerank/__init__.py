"""The best of what a search found, read again and put into a better order."""
