"""Reports come apart into their own Items and no others, or are refused."""

from pathlib import Path

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate_finance.reading.filings import filing, filing_rows

from .conftest import ANNUAL, BOLD, QUARTERLY, body, contents, heading, plain_contents, report


def written(folder: Path, page: str) -> str:
    path = folder / "acme.htm"
    path.write_text(page, encoding="utf-8")
    return str(path)


def texts(source: str, **options: str) -> dict[str, str]:
    return {row["item"]: row["text"] for row in filing_rows(source, by="item", **options)}


@pytest.mark.parametrize(
    ("form", "items"), [("10-K", ANNUAL), ("10-Q", QUARTERLY)], ids=["annual", "quarterly, parts I and II"]
)
@pytest.mark.parametrize(
    "toc", [contents, plain_contents, lambda _: ""], ids=["contents as a table", "contents as lines", "no contents"]
)
def test_every_item_has_its_own_text_and_nothing_else(tmp_path, form, items, toc):
    found = texts(written(tmp_path, report(items, form=form, toc=toc(items))))
    assert found == {key: body(key) for key in items}


def test_contents_of_links_without_pages_are_no_items(tmp_path):
    toc = "".join(f'<div><a href="#x">Item {key}. {title}</a></div>' for key, (_, title) in ANNUAL.items())
    assert texts(written(tmp_path, report(ANNUAL, toc=toc))) == {key: body(key) for key in ANNUAL}


def test_contents_with_entries_between_the_items_are_no_items(tmp_path):
    toc = "".join(f"<p>Item {key}. {title} 3</p><p>Overview and more 4</p>" for key, (_, title) in ANNUAL.items())
    assert texts(written(tmp_path, report(ANNUAL, toc=toc))) == {key: body(key) for key in ANNUAL}


def test_headings_that_are_links_back_to_the_contents_are_headings(tmp_path):
    headings = {key: f'<div><a href="#toc">Item {key}. {title}</a></div>' for key, (_, title) in ANNUAL.items()}
    assert texts(written(tmp_path, report(ANNUAL, headings=headings))) == {key: body(key) for key in ANNUAL}


@pytest.mark.parametrize(
    "shape",
    [
        "<table><tr><td>Item 1A.</td><td><p>Risk Factors</p></td></tr></table>",
        "<p><b>ITEM 1A.</b></p><p><b>RISK FACTORS</b></p>",
        "<p>Item&nbsp;1A&nbsp;–<br>Risk Factors</p>",
        "<p>PART I<br>Item 1A: Risk Factors</p>",
        "<h2>Item 1A — Our Risk Factors</h2>",
    ],
    ids=["cells", "two paragraphs", "a line break", "with its part", "other words before"],
)
def test_headings_are_found_however_they_are_set(tmp_path, shape):
    found = texts(written(tmp_path, report(ANNUAL, headings={"1A": shape})))
    assert found == {key: body(key) for key in ANNUAL}


def test_a_text_that_runs_on_behind_its_title_is_kept(tmp_path):
    said = "<p>Item 1B. Unresolved Staff Comments. None to speak of.</p>"
    page = report(ANNUAL, headings={"1B": said}, bodies={"1B": "<p></p>"})
    found = texts(written(tmp_path, page))
    assert found["1B"] == "Item 1B. Unresolved Staff Comments. None to speak of."
    assert found["1A"] == body("1A")


def test_running_heads_and_page_numbers_are_no_text(tmp_path):
    again = f"<p>Before the page.</p><p>17</p><hr>{heading('1A', 'Risk Factors')}<p>{body('1A')}</p><p>18</p><hr>"
    continued = (
        f"<p>{body('7')}</p><p><b>Item 7. Management’s Discussion and Analysis (continued)</b></p><p>More.</p>"
    )
    source = written(tmp_path, report(ANNUAL, bodies={"1A": again, "7": continued}))
    rows = [row["text"] for row in filing_rows(source) if row["item"] in ("1A", "7")]
    assert rows == ["Before the page.", body("1A"), body("7"), "More."]


@pytest.mark.parametrize(
    "mention",
    [
        "<p>Item 1A. “Risk Factors” tells of these.</p>",
        "<p>Item 7, Management’s Discussion and Analysis, has more.</p>",
        "<p>Item 1A. Risk Factors of this report.</p>",
        "<p>Item 1A. Risk Factors of our annual report on Form 10-K tells of these. " + "And so on. " * 40 + "</p>",
        "<p>" + "See Item 1A. Risk Factors for more, and other words. " * 3 + "</p>",
    ],
)
@pytest.mark.parametrize("place", ["1", "3"], ids=["before the Item", "after it"])
def test_mentions_of_an_item_are_text_of_the_item_they_stand_in(tmp_path, mention, place):
    found = texts(written(tmp_path, report(ANNUAL, bodies={place: f"<p>{body(place)}</p>{mention}"})))
    assert list(found) == list(ANNUAL)
    assert found[place].startswith(body(place))
    assert len(found[place]) > len(body(place)) + 20


def test_a_mention_before_the_heading_on_a_new_page_is_no_heading_of_its_own(tmp_path):
    stray = f"<p>{body('1')}</p><p>Item 1A. Risk Factors</p><p>The end of Item 1.</p><hr>"
    with pytest.raises(DataError, match="can be read in more than one way: 1 → 1A → 1A"):
        texts(written(tmp_path, report(ANNUAL, bodies={"1": stray})))


def test_one_heading_for_two_items_is_one_section(tmp_path):
    headings = {"1": "<p><b>Items 1 and 2. Business and Properties</b></p>"}
    items = {key: value for key, value in ANNUAL.items() if key != "2"}
    found = texts(written(tmp_path, report(items, headings=headings)))
    assert found["1 and 2"] == body("1")
    assert list(found) == ["1 and 2", *[key for key in items if key != "1"]]


@pytest.mark.parametrize("absent", ["1", "1A", "2", "7", "8", "9A", "15"])
def test_a_missing_item_is_refused_since_the_one_before_would_hold_it(tmp_path, absent):
    source = written(tmp_path, report(ANNUAL, without=[absent]))
    with pytest.raises(DataError, match=rf"acme.htm lacks Item {absent} \("):
        texts(source)


def test_a_missing_item_can_be_left_out_with_the_one_before_it(tmp_path):
    source = written(tmp_path, report(ANNUAL, headings={"2": "<p>PROPERTIES</p>"}))
    found = texts(source, missing="leave-out")
    assert set(ANNUAL) - set(found) == {"1C", "2"}
    assert all(found[key] == body(key) for key in found)


def test_items_are_asked_for_only_since_there_are_such(tmp_path):
    items = {
        key: value for key, value in ANNUAL.items() if key not in ("1A", "1B", "1C", "9A", "9B", "9C", "15", "16")
    }
    source = written(tmp_path, report(items, ended="December 31, 1999"))
    assert list(texts(source)) == list(items)
    source = written(tmp_path, report(items, ended="December 31, 2023"))
    with pytest.raises(DataError, match=r"lacks Item 1A .*, Item 1B .*, Item 1C"):
        texts(source)


def test_items_out_of_order_are_refused(tmp_path):
    turned = {"1": ANNUAL["1"], "1A": ANNUAL["1A"], "3": ANNUAL["3"], "2": ANNUAL["2"]}
    source = written(tmp_path, report({**turned, **{k: v for k, v in ANNUAL.items() if k not in turned}}))
    with pytest.raises(DataError, match=r"acme.htm are out of order: 1 → 1A → 3 → 2"):
        texts(source)


@pytest.mark.parametrize("place", ["1", "1A"], ids=["before the Item", "within it"])
def test_a_second_heading_of_an_item_that_could_be_it_is_refused(tmp_path, place):
    stray = f"<p>{body(place)}</p><p>Item 1A. Risk Factors</p><p>{body('x')}</p>"
    with pytest.raises(DataError, match="can be read in more than one way: 1 → 1A → 1A"):
        texts(written(tmp_path, report(ANNUAL, bodies={place: stray})))


def test_a_stray_heading_elsewhere_is_told_by_the_order(tmp_path):
    stray = f"<p>{body('7')}</p><p>Item 1A. Risk Factors</p><p>tells more.</p>"
    found = texts(written(tmp_path, report(ANNUAL, bodies={"7": stray})))
    assert found["1A"] == body("1A")
    assert found["7"].endswith("tells more.")


def test_two_reports_in_one_page_are_refused(tmp_path):
    page = report(ANNUAL)
    with pytest.raises(DataError, match="can be read in more than one way"):
        texts(written(tmp_path, page.replace("</body></html>", "") + page))


def test_an_item_under_the_wrong_part_is_refused(tmp_path):
    wrong = {**ANNUAL, "10": ("II", ANNUAL["10"][1]), "11": ("II", ANNUAL["11"][1])}
    with pytest.raises(DataError, match=r"Item 10 of acme.htm stands under PART II, and is of part III"):
        texts(written(tmp_path, report(wrong)))


def test_a_part_may_stand_in_the_heading_of_its_first_item(tmp_path):
    headings = {"5": "<p><b>PART II. Item 5. Market for Common Equity</b></p>"}
    page = report(ANNUAL, headings=headings).replace(f'<div><span style="{BOLD}">PART II</span></div>', "")
    assert texts(written(tmp_path, page)) == {key: body(key) for key in ANNUAL}


def test_a_text_that_runs_on_may_speak_of_other_places(tmp_path):
    said = "<p>Item 3. Legal Proceedings. See Note 10 to the statements in this report.</p>"
    found = texts(written(tmp_path, report(ANNUAL, headings={"3": said}, bodies={"3": "<p></p>"})))
    assert found["3"].endswith("See Note 10 to the statements in this report.")


def test_risk_factors_of_a_few_words_are_refused_unless_they_say_why(tmp_path):
    with pytest.raises(DataError, match=r"Item 1A of acme.htm has 12 characters"):
        texts(written(tmp_path, report(ANNUAL, bodies={"1A": "<p>Many things.</p>"})))
    short = "Not required for smaller reporting companies."
    assert texts(written(tmp_path, report(ANNUAL, bodies={"1A": f"<p>{short}</p>"})))["1A"] == short


def test_an_item_that_swallowed_another_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"Item 9B of acme.htm has [\d,]+ characters, where 20,000 are many"):
        texts(written(tmp_path, report(ANNUAL, bodies={"9B": f"<p>{body('9B') * 20}</p>"})))


def test_what_follows_the_signatures_is_in_no_item(tmp_path):
    end = "<p><b>SIGNATURES</b></p><p>Signed.</p><p>Index to financial statements</p>"
    found = texts(written(tmp_path, report(ANNUAL, end=end)))
    assert found["16"] == body("16")


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("<p>FORM 10-K</p><p>Cross-reference index</p>", "has no headings of Items"),
        ("<p>ANNUAL REPORT</p><p>Item 1. Business</p>", "says nowhere which form it is"),
        ("<p>FORM 10-K</p><p>FORM 10-Q</p>", "says that it is both 10-K and 10-Q"),
    ],
)
def test_a_page_without_items_or_form_is_refused_with_what_to_do(tmp_path, page, why):
    with pytest.raises(DataError, match=f"acme.htm {why}") as caught:
        texts(written(tmp_path, page))
    assert "by=document" in caught.value.hint
    whole = [row["text"] for row in filing_rows(written(tmp_path, page), by="document")]
    assert len(whole) == 1


@pytest.mark.parametrize("option", [{"by": "page"}, {"form": "8-K"}, {"missing": "guess"}])
def test_options_that_cannot_work_are_refused(tmp_path, option):
    with pytest.raises(OptionError, match=f"{next(iter(option))} is "):
        list(filing_rows(written(tmp_path, report(ANNUAL)), **option))


def test_rows_say_where_they_stand_in_the_text_of_the_filing(tmp_path):
    risks = f'<p><span style="{BOLD}">Risks of trade</span></p><p>{body("1A")}</p><p>Tariffs rise.</p>'
    source = written(tmp_path, report(ANNUAL, bodies={"1A": risks}))
    whole, rows = filing(source), list(filing_rows(source))
    assert all(whole.text[row["start"] : row["end"]] == row["text"] for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    last = [row for row in rows if row["item"] == "1A"][-1]
    assert last["path"] == "Part I > Item 1A Risk Factors > Risks of trade"
    assert (last["text"], last["form"], last["period"]) == ("Tariffs rise.", "10-K", "2023-12-31")


def test_items_can_be_chosen_and_unknown_ones_are_refused(tmp_path):
    source = written(tmp_path, report(QUARTERLY, form="10-Q", ended="March 31, 2024"))
    assert list(texts(source, items="ii-1a, I-2")) == ["I-2", "II-1A"]
    with pytest.raises(DataError, match=r"has no Item 1A. Known: I-1, I-2,"):
        texts(source, items="1A")
