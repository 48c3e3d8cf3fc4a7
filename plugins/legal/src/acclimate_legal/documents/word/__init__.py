"""Contracts as word processors save them (DOCX): the paragraphs that a reader sees, with their numbers."""
