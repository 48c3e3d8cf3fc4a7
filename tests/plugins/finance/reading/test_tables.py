"""Tables become lines that say of every value what it is, of when, exactly as it is written."""

import pytest
from acclimate_finance.reading.blocks import page_of


def table(*rows: str) -> str:
    found = page_of(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>", "a").blocks
    assert len(found) == 1
    assert found[0].table
    return found[0].text


def cells(*texts: str, tag: str = "td") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


def test_values_are_told_with_row_column_and_period():
    assert table(
        cells("", "Revenue", "Revenue") + "",
        cells("Segment", "2023", "2022"),
        cells("Parts", "10", "(3)"),
    ).splitlines() == ["Segment", "Parts | Revenue | 2023: 10", "Parts | Revenue | 2022: (3)"]


def test_signs_brackets_currencies_and_percent_stay_although_they_are_cells_of_their_own():
    # As filers set it: "$", the number and ")" are cells, heads span three columns.
    text = table(
        "<td></td><td colspan=3>Year Ended December 31,</td><td colspan=3>Change</td>",
        "<td></td><td colspan=3>2023</td><td colspan=3></td>",
        cells("Net loss", "$", "(1,234.5", ")", "", "(12", ")%"),
        cells("Margin", "", "-5.5", "%", "", "—", ""),
        cells("Other", "$", "7", "", "", "0.3", "%"),
    )
    assert text.splitlines() == [
        "Net loss | Year Ended December 31, 2023: $(1,234.5)",
        "Net loss | Change: (12)%",
        "Margin | Year Ended December 31, 2023: -5.5%",
        "Margin | Change: —",
        "Other | Year Ended December 31, 2023: $7",
        "Other | Change: 0.3%",
    ]


def test_a_title_units_and_rows_without_values_are_lines_of_their_own():
    text = table(
        "<td colspan=3>STATEMENTS OF INCOME</td>",
        cells("(in millions)", "2023", "2022"),
        cells("Costs:", "", ""),
        cells("Research", "4", "5"),
    )
    assert text.splitlines() == [
        "STATEMENTS OF INCOME",
        "(in millions)",
        "Costs:",
        "Research | 2023: 4",
        "Research | 2022: 5",
    ]


def test_words_in_a_table_stand_under_their_heads_too():
    text = table(cells("Name", "Age", "Office", tag="th"), cells("Jane Doe", "51", "Chair"))
    assert text.splitlines() == ["Name", "Jane Doe | Age: 51", "Jane Doe | Office: Chair"]


def test_a_value_without_a_head_above_it_is_given_none():
    text = table("<td></td><td colspan=2>2023</td>", cells("Sales", "", "", "", "9", "8"))
    assert text == "Sales: 9\nSales: 8"


def test_heads_beside_their_columns_count_where_there_are_as_many_as_values():
    text = table("<td></td><td>2023</td><td></td><td>2022</td><td></td>", cells("Sales", "", "9", "", "8"))
    assert text == "Sales | 2023: 9\nSales | 2022: 8"


def test_a_label_that_spans_rows_moves_no_value():
    text = table(
        cells("", "", "2023", "2022"),
        "<td rowspan=2>Sales</td><td>Home</td><td>1</td><td>2</td>",
        "<td>Abroad</td><td>3</td><td>4</td>",
    )
    assert text.splitlines()[-2:] == ["Abroad | 2023: 3", "Abroad | 2022: 4"]


def test_labels_that_span_rows_side_by_side_move_no_value():
    text = table(
        cells("", "", "2023", "2022"),
        "<td rowspan=2>Sales</td><td rowspan=2>Home</td><td>1</td><td>2</td>",
        "<td>3</td><td>4</td>",
    )
    assert text.splitlines()[-2:] == ["2023: 3", "2022: 4"]


def test_a_row_of_dashes_is_a_row_of_values():
    text = table(cells("", "2023", "2022"), cells("Preferred", "—", "-"), cells("Common", "5", "6"))
    assert text.splitlines()[:2] == ["Preferred | 2023: —", "Preferred | 2022: -"]


@pytest.mark.parametrize("value", ["−4", "-4", "(4)", "$(4)", "€ 4.5", "4%", "(4.25)%", "N/A", "1,234,567", ".5"])
def test_values_are_kept_as_they_are_written(value):
    assert table(cells("", "2023", "2022"), cells("x", value, "9")).splitlines()[0] == f"x | 2023: {value}"
