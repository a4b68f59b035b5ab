"""Reading of scans and images by OCR (Tesseract)."""
