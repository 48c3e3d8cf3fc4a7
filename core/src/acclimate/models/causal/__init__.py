"""Causal language models that learn from chats."""

from acclimate.models.causal.rows import SupervisedRow

__all__ = ["SupervisedRow"]
