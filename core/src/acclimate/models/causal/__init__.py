"""Causal language models that learn from chats and answer them."""

from acclimate.models.causal.chat import ChatPreprocessing
from acclimate.models.causal.examples import ChatExamples, padded
from acclimate.models.causal.generate import Writing, Written, check_room, context_of, keeps_a_cache, stream, write
from acclimate.models.causal.lengths import FittedChat, fitted, lengths_of
from acclimate.models.causal.rows import SupervisedRow
from acclimate.models.causal.supervised import Supervised, chat_losses
from acclimate.models.causal.template import SYSTEM, Rendered, Template, choose_template, render

__all__ = [
    "SYSTEM",
    "ChatExamples",
    "ChatPreprocessing",
    "FittedChat",
    "Rendered",
    "Supervised",
    "SupervisedRow",
    "Template",
    "Writing",
    "Written",
    "chat_losses",
    "check_room",
    "choose_template",
    "context_of",
    "fitted",
    "keeps_a_cache",
    "lengths_of",
    "padded",
    "render",
    "stream",
    "write",
]
