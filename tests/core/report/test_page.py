"""The page and the card hold every figure of the report, and text from data is text."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from acclimate.contracts import Analysis, Bin, Coverage, Score
from acclimate.report import card, page
from acclimate.report.charts import ticks
from acclimate.report.worth import above
from hypothesis import given
from hypothesis import strategies as st

Build = Callable[..., dict[str, Any]]
VOID = {"meta", "img", "br", "hr", "link", "input", "path", "circle"}


class Reader(HTMLParser):
    """What a browser would find: elements, attributes, and the text of the body."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, "elements are closed in their order"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += f" {data}"


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert not reader.open
    return reader


def test_text_from_data_is_text(build: Build) -> None:
    reader = read(page(build()))
    assert "script" not in reader.names
    assert not [each for each in reader.attributes if each[1].startswith("on")]
    shown = [value for tag, name, value in reader.attributes if (tag, name) == ("img", "src")]
    assert shown == [build()["analysis"]["mistakes"][1][key] for key in ("image", "saliency")]
    assert reader.text.count("alert(1)") >= 5, "in the finding, the subgroup, the curve, the mistake and the settings"


def test_nothing_is_fetched(build: Build) -> None:
    reader = read(page(build()))
    for tag, name, value in reader.attributes:
        if name in ("src", "href", "data", "action", "poster", "srcset"):
            assert value.startswith(("#", "data:image/jpeg;base64,")), (tag, name, value[:40])
    assert "link" not in reader.names
    assert "url(" not in page(build()).split("</style>")[0]
    assert ("meta", "content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in reader.attributes


def test_every_figure_stands_on_the_page(build: Build) -> None:
    text = " ".join(read(page(build())).text.split())
    for figure in (
        "0.800 [0.700, 0.900]",
        "30 of 33",
        "55 of 67",
        "30 of 42",
        "55 of 58",
        "120.000 [80.000, 200.000]",
    ):
        assert figure in text
    assert "from a probability of 0.310 on" in text
    assert "1.30 labels on average, a single one in 70 % of rows" in text
    assert "Licence of the pretrained weights: Apache-2.0. Licence of the data: not stated." in text
    assert "None" not in text
    assert "nan" not in text.replace("financial", "")


def test_a_decision_curve_stays_inside_its_frame_and_says_where_the_model_is_of_use(build: Build) -> None:
    report = build()
    section = page(report).split('id="worth"')[1].split("</section>")[0]
    assert "of more worth than flagging all or none at thresholds of 0.100 to 0.600" in section
    for name in ("this model", "flag all", "flag none"):
        assert name in section
    heights = [float(each) for each in re.findall(r"[ML][\d.-]+ ([\d.-]+)", section)]
    assert len(heights) > 200, "both lines and the band"
    assert all(12 <= each <= 234 for each in heights), "flagging all at 0.99 is worth -69"
    curve = report["analysis"]["decision_curves"][0]
    nowhere = {**report["analysis"], "decision_curves": [{**curve, "better": []}]}
    assert "nowhere clearly of more worth" in page({**report, "analysis": nowhere})


def test_a_line_ends_where_it_crosses_the_floor() -> None:
    assert above([(0.0, 2.0), (1.0, 1.0), (2.0, -1.0), (3.0, -9.0)], 0.0) == [(0.0, 2.0), (1.0, 1.0), (1.5, 0.0)]
    assert above([(0.0, -1.0), (1.0, -2.0)], 0.0) == []


def test_links_of_the_page_lead_somewhere(build: Build) -> None:
    reader = read(page(build()))
    assert len(set(reader.ids)) == len(reader.ids)
    links = {value[1:] for tag, name, value in reader.attributes if (tag, name) == ("a", "href")}
    assert links <= set(reader.ids)
    assert len(links) == 12


def test_what_a_run_does_not_have_is_left_out(build: Build) -> None:
    bare = read(page(build(analysis=Analysis(), history=(), findings=(), baselines={})))
    for id in ("operating", "worth", "curves", "trust", "slices", "mistakes", "learning", "first"):
        assert id not in bare.ids
    assert {"scores", "errors", "data", "use"} <= set(bare.ids)


def test_rows_of_several_labels_have_a_table_of_labels(build: Build, evil: str) -> None:
    cell = {"threshold": 0.25, "tp": 5, "fp": 4, "fn": 3, "tn": 88}
    report = build(by_label={"Cap": cell, evil: cell}, confusion=(), labels=("Cap", evil))
    text = " ".join(read(page(report)).text.split())
    assert "Cap 0.250 5 4 3 88" in text


def test_of_many_labels_the_table_shows_those_with_most_mistakes(build: Build) -> None:
    names = tuple(f"label {k:02}" for k in range(40))
    table = [[0] * 40 for _ in range(40)]
    for k in range(40):
        table[k][k] = 9
        table[k][(k + 1) % 40] = 5 if k >= 20 else 0
    text = " ".join(read(page(build(labels=names, confusion=tuple(map(tuple, table))))).text.split())
    assert "the 25 labels with most mistakes, of 40" in text
    assert "label 30 " in text
    assert "label 10 " not in text


def test_the_card_is_what_the_hub_reads(build: Build) -> None:
    _, head, body = card(build()).split("---\n", 2)
    metadata = yaml.safe_load(head)
    assert metadata["license"] == "apache-2.0"
    assert metadata["pipeline_tag"] == "text-classification"
    (entry,) = metadata["model-index"]
    assert entry["results"][0]["metrics"] == [{"type": "accuracy", "name": "accuracy", "value": 0.8}]
    assert "| this model | 0.800 [0.700, 0.900] | – |" in body
    assert "<script>" not in body
    assert "base_model" not in metadata
    hub = yaml.safe_load(card(build(backbone="owner/name")).split("---\n", 2)[1])
    assert hub["base_model"] == "owner/name"
    local = yaml.safe_load(card(build(backbone="/home/me/models/own")).split("---\n", 2)[1])
    assert "base_model" not in local, "a folder of somebody's machine is no model of the hub"


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_and_inside(low: float, span: float) -> None:
    found = ticks((low, low + span))
    assert 1 <= len(found) <= 6
    assert found == sorted(found)
    slack = 1e-6 * max(1, abs(low), span)
    assert all(low - slack <= tick <= low + span + slack for tick in found)


@pytest.mark.parametrize(("bounds", "expected"), [((0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]), ((0, 8), [0, 2, 4, 6, 8])])
def test_ticks_of_usual_ranges(bounds: tuple[float, float], expected: list[float]) -> None:
    assert ticks(bounds) == pytest.approx(expected)


def test_a_metric_that_is_undefined_everywhere_is_shown_as_such(build: Build) -> None:
    unknown = Score(value=float("nan"), low=float("nan"), high=float("nan"))
    text = read(page(build(metrics={"auroc": unknown}, baselines={}))).text
    assert "–" in text


def test_intervals_that_a_single_group_leaves_undefined_are_left_out(build: Build) -> None:
    alone = Score(value=0.8, low=float("nan"), high=float("nan"))
    points = tuple(Coverage(coverage=each, confidence=0.5, rows=9, accuracy=alone) for each in (0.5, 1.0))
    bins = {"after": tuple(Bin(rows=9, confidence=each, accuracy=alone) for each in (0.6, 0.9))}
    whole = page(build(analysis=Analysis(coverage=points, reliability=bins)))
    assert read(whole).text.count("answered") >= 1
    assert 'class="s0 whisker"' not in whole.split('id="trust"')[1].split("</section>")[0]
    assert "nan" not in whole.split('id="trust"')[1]


def test_a_threshold_that_no_positive_row_chose_is_shown_as_such(build: Build) -> None:
    point = build()["analysis"]["operating"]
    point["validation"] |= {"sensitivity": None, "positives": 0}
    report = build()
    text = " ".join(read(page({**report, "analysis": {**report["analysis"], "operating": point}})).text.split())
    assert "chosen on 0 positive and 60 other validation rows, where it has a sensitivity of –" in text


def test_a_licence_that_is_a_sentence_is_no_identifier_of_the_hub(build: Build) -> None:
    told = build(licences={"weights": "see the model's own files", "data": ""})
    assert "license" not in yaml.safe_load(card(told).split("---\n", 2)[1])
    assert "Licence of the pretrained weights: see the model's own files" in card(told)
