"""Contracts as they come: PDF, DOCX, HTML and plain text, read into one text with its lines, pages and numbers."""

from acclimate_legal.documents.document import Document, Line, Unread
from acclimate_legal.documents.read import read_document
from acclimate_legal.endings import ENDINGS

__all__ = ["ENDINGS", "Document", "Line", "Unread", "read_document"]
