"""Acclimate for finance: presets for sentiment, for risk, and for the names and amounts in financial texts."""

from acclimate.contracts import LabelNames, Preset, Ref, SplitPolicy
from acclimate.plugins import SPAN_METRICS

__all__ = ["entities", "risk", "sentiment"]

_TIMES = ("date", "datetime", "published", "published_at", "publishedAt", "created_at", "timestamp")

SENTIMENTS = LabelNames(
    order=(
        "very negative",
        "negative",
        "slightly negative",
        "neutral",
        "slightly positive",
        "positive",
        "very positive",
    ),
    aliases={
        "strongly negative": "very negative",
        "very bearish": "very negative",
        "strongly bearish": "very negative",
        "neg": "negative",
        "bearish": "negative",
        "bear": "negative",
        "slightly bearish": "slightly negative",
        "neu": "neutral",
        "slightly bullish": "slightly positive",
        "pos": "positive",
        "bullish": "positive",
        "bull": "positive",
        "strongly positive": "very positive",
        "very bullish": "very positive",
        "strongly bullish": "very positive",
    },
)

sentiment = Preset(
    name="sentiment",
    summary="Sorts headlines, posts and sentences from negative to positive.",
    task="text-classification",
    backbone="minilm-l6",
    prepare=Ref("acclimate_finance.prepare:normalise"),
    preparing={"numbers": "keep", "tickers": "keep"},
    labels=SENTIMENTS,
    cases=Ref("acclimate_finance.negation:texts"),
    metrics=("macro_f1", "weighted_f1", "accuracy", "mcc", "quadratic_kappa", "ordinal_mae", "auroc"),
    # A story goes on being told for days, and prices move with it: a week holds five trading days.
    split=SplitPolicy(embargo=7),
    times=_TIMES,
    slices=("ticker", "symbol", "company", "entity", "source"),
    settings={"max_tokens": 128},
)

risk = Preset(
    name="risk",
    summary="Sorts paragraphs of filings and complaints: by kind of risk, by grade, or with several labels.",
    task="text-classification",
    backbone="minilm-l6",
    prepare=Ref("acclimate_finance.prepare:normalise"),
    preparing={"numbers": "keep", "tickers": "keep"},
    metrics=("accuracy", "macro_f1", "weighted_f1", "mcc", "auroc"),
    # Reports repeat what those of the year before said: a company's paragraphs stay in one part.
    group="company",
    times=(*_TIMES, "date_received", "Date received"),
    slices=("item", "company", "product", "source"),
    settings={"max_tokens": 256},
)

ENTITIES = LabelNames(
    order=(
        "person",
        "organisation",
        "location",
        "ticker",
        "product",
        "miscellaneous",
        "money",
        "percent",
        "number",
        "date",
        "period",
    ),
    # Those of CoNLL-2003, of OntoNotes and of spaCy.
    aliases={
        "per": "person",
        "pers": "person",
        "org": "organisation",
        "organization": "organisation",
        "company": "organisation",
        "loc": "location",
        "gpe": "location",
        "fac": "location",
        "misc": "miscellaneous",
        "norp": "miscellaneous",
        "symbol": "ticker",
        "amount": "money",
        "currency": "money",
        "percentage": "percent",
        "cardinal": "number",
        "quantity": "number",
        "fiscal period": "period",
        "quarter": "period",
    },
)

entities = Preset(
    name="entities",
    summary="Finds names, amounts and periods in filings and news, and says what amounts come to.",
    task="token-classification",
    backbone="minilm-l6",
    method="full",
    labels=ENTITIES,
    metrics=SPAN_METRICS,
    span_columns=Ref("acclimate_finance.normalise:columns"),
    group="filing",
    settings={"max_tokens": 256},
)
