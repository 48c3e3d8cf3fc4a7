"""Causal language models: chats as tokens, rows packed behind a shared prefix, losses of answers, and answers."""

from acclimate.models.causal.chat import ChatPreprocessing
from acclimate.models.causal.examples import ChatExamples, chat_losses
from acclimate.models.causal.generate import Writing, Written, check_room, context_of, keeps_a_cache, stream, write
from acclimate.models.causal.layout import BUDGET_TOKENS, Layout, layout_of
from acclimate.models.causal.lengths import FittedChat, fitted, fitted_reply, lengths_of
from acclimate.models.causal.loss import SupervisedLoss, learn, step_loss
from acclimate.models.causal.masks import Masks, masks_of, packed_inputs, padded_inputs
from acclimate.models.causal.packed import PackedExamples, batch_loss
from acclimate.models.causal.packing import Pack, pack, separate
from acclimate.models.causal.replies import PackedReplies, Replies, ReplyLogProbabilities
from acclimate.models.causal.rows import SupervisedRow
from acclimate.models.causal.template import SYSTEM, Rendered, Template, choose_template, render

__all__ = [
    "BUDGET_TOKENS",
    "SYSTEM",
    "ChatExamples",
    "ChatPreprocessing",
    "FittedChat",
    "Layout",
    "Masks",
    "Pack",
    "PackedExamples",
    "PackedReplies",
    "Rendered",
    "Replies",
    "ReplyLogProbabilities",
    "SupervisedLoss",
    "SupervisedRow",
    "Template",
    "Writing",
    "Written",
    "batch_loss",
    "chat_losses",
    "check_room",
    "choose_template",
    "context_of",
    "fitted",
    "fitted_reply",
    "keeps_a_cache",
    "layout_of",
    "learn",
    "lengths_of",
    "masks_of",
    "pack",
    "packed_inputs",
    "padded_inputs",
    "render",
    "separate",
    "step_loss",
    "stream",
    "write",
]
