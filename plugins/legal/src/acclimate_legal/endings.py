"""The endings of documents that are read, without importing what reads them."""

ENDINGS = (".pdf", ".docx", ".docm", ".html", ".htm", ".xhtml", ".txt")
