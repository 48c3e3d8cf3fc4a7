"""What tells whom a message is of: found, and replaced by placeholders."""

from acclimate_support.privacy.redact import KINDS, Redacted, Redactor, found, placeholders

__all__ = ["KINDS", "Redacted", "Redactor", "found", "placeholders"]
