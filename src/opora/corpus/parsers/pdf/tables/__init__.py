"""Tables of PDF pages: with rulings, with few of them, without any, and over several pages."""
