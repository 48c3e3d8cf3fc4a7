"""What a monitor says of two files of predictions, and what it refuses."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from acclimate import Run, monitor
from acclimate.api import write_predictions
from acclimate.contracts import AcclimateError, DataError, OptionError
from acclimate.data import csv_rows
from scipy import stats

THRESHOLD = 3.0


def parts(file: Path, scores: Iterable[float], *, threshold: float = THRESHOLD, errors: int = 0) -> Path:
    """Write what `predict` writes of parts."""
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "score", "threshold", "rejected", "regions", "error"])
        for number, score in enumerate(scores):
            writer.writerow([number, score, threshold, str(score > threshold).lower(), "", ""])
        for number in range(errors):
            writer.writerow([f"broken {number}", "", "", "", "", "no image"])
    return file


def labels(file: Path, rows: Iterable[Mapping[str, float]], **more: Any) -> Path:
    """Write what `predict` writes of labels, by the suffix; rows are probabilities by label."""
    found = [
        {"id": str(number), "label": max(each, key=lambda name: each[name]), "probabilities": dict(each), **more}
        for number, each in enumerate(rows)
    ]
    if file.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(found), file)
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in found))
    return file


def sure(random: np.random.Generator, count: int, a: float, b: float) -> list[dict[str, float]]:
    return [{"bad": float(p), "good": float(1 - p)} for p in random.beta(a, b, size=count)]


def test_shifts_that_are_alike_have_not_drifted(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    before, after = (parts(tmp_path / f"{name}.csv", random.gamma(4, 0.5, size=500)) for name in "ab")
    found = monitor(before, after)
    assert not found.drifted
    assert [finding.code for finding in found.findings] == ["no-drift"]


def test_a_shift_of_the_light_is_seen_and_measured_as_scipy_does(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    old, new = random.gamma(4, 0.5, size=400), random.gamma(4, 0.65, size=300)
    found = monitor(parts(tmp_path / "a.csv", old), parts(tmp_path / "b.csv", new, errors=20))
    expected = stats.ks_2samp(old, new)
    assert (found.ks.value, found.ks_p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found.before.rows, found.after.rows, found.after.unreadable) == (400, 300, 20)
    assert found.above is not None
    assert found.above.name == "rejected"
    assert found.above.after_count == (new > THRESHOLD).sum()
    exact = stats.binomtest(int((new > THRESHOLD).sum()), 300).proportion_ci(method="exact")
    assert (found.above.after.low, found.above.after.high) == pytest.approx((exact.low, exact.high))
    assert sum(each.after for each in found.bins) == 300
    assert {each.before for each in found.bins} == {40}
    codes = [finding.code for finding in found.findings]
    assert codes == ["score-drift", "rate-drift", "rate-drift"], "scores, rejections and unreadable images"
    assert found.drifted
    assert json.loads(json.dumps(found.to_dict()))["psi"] == found.psi
    assert f"PSI: {found.psi:.3f} in 10 bins" in str(found)


def test_few_rows_say_from_what_distance_on_they_show_drift(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    found = monitor(*(parts(tmp_path / f"{name}.csv", random.normal(2, 0.3, size=12)) for name in "ab"))
    assert found.seen_from > 0.6
    assert f"from a Kolmogorov-Smirnov distance of {found.seen_from:.2f} on" in found.findings[0].message


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_labels_are_counted_and_their_probabilities_compared(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(3)
    old, new = sure(random, 200, 1, 4), sure(random, 250, 2, 3)
    before, after = labels(tmp_path / f"a{suffix}", old), labels(tmp_path / f"b{suffix}", new)
    found = monitor(before, after)
    given = [[max(row.values()) for row in rows] for rows in (old, new)]
    assert found.ks.value == pytest.approx(stats.ks_2samp(*given).statistic)
    assert [change.name for change in found.labels] == ["bad", "good"]
    counts = [sum(row["bad"] > row["good"] for row in rows) for rows in (old, new)]
    assert [found.labels[0].before_count, found.labels[0].after_count] == counts
    fisher = stats.fisher_exact([[counts[0], 200 - counts[0]], [counts[1], 250 - counts[1]]]).pvalue
    assert found.labels[0].p == pytest.approx(min(1, 2 * fisher)), "two labels are tested"
    assert found.above is None
    of_bad = monitor(before, after, positive="bad", threshold=0.4)
    bad = [[row["bad"] for row in rows] for rows in (old, new)]
    assert of_bad.ks.value == pytest.approx(stats.ks_2samp(*bad).statistic)
    assert of_bad.above is not None
    assert of_bad.above.before_count == sum(p > 0.4 for p in bad[0])


def test_csv_says_what_json_lines_say(finished: Callable[[str, str], Run], texts: Path, tmp_path: Path) -> None:
    run = finished("text", "frozen")
    files = [tmp_path / f"predictions{suffix}" for suffix in (".csv", ".jsonl", ".parquet")]
    for file in files:
        write_predictions(run.output, texts, file)
    found = [monitor(file, file) for file in files]
    assert [each.ks.value for each in found] == [0, 0, 0]
    shares = [[(change.name, change.before_count) for change in each.labels] for each in found]
    assert shares[0] == shares[1] == shares[2]
    assert found[0].before.quantiles == pytest.approx(found[1].before.quantiles, abs=1e-4)


def test_a_run_is_watched_by_what_it_said_of_its_test_rows(
    finished: Callable[[str, str], Run], texts: Path, tmp_path: Path, document: Callable[[Run, str], Any]
) -> None:
    run = finished("text", "frozen")
    ids = set(document(run, "rows.json")["test"])
    write_predictions(run.output, texts, tmp_path / "all.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    kept = [row for row in rows if row["id"] in ids]
    assert 0 < len(kept) < len(rows)
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    found = monitor(run.output, tmp_path / "test.jsonl")
    assert found.before.rows == len(kept)
    assert found.before.quantiles == pytest.approx(found.after.quantiles, abs=1e-5)
    assert [c.before_count for c in found.labels] == [c.after_count for c in found.labels]


def bad_pairs() -> list[Any]:
    two, other = [{"a": 0.6, "b": 0.4}] * 5, [{"a": 0.6, "c": 0.4}] * 5
    return [
        pytest.param(
            lambda t: (parts(t / "a.csv", [1, 2]), parts(t / "b.csv", [1, 2], threshold=4.5)), {},
            DataError, r"different runs: one decides at 3, the other at 4\.5", id="other threshold",
        ),
        pytest.param(
            lambda t: (parts(t / "a.csv", [1, 2]), labels(t / "b.jsonl", two)), {},
            DataError, "different runs: one has scores of parts, the other of labels", id="other kind",
        ),
        pytest.param(
            lambda t: (labels(t / "a.jsonl", two), labels(t / "b.jsonl", other)), {},
            DataError, "different runs: b, c are labels of one of them only", id="other labels",
        ),
        pytest.param(
            lambda t: (labels(t / "a.jsonl", two), labels(t / "b.jsonl", two, flagged=True)), {},
            DataError, "only one of them says what is flagged", id="other decision",
        ),
        pytest.param(
            lambda t: (written(t / "a.csv", "id,text\n1,hello\n"), parts(t / "b.csv", [1])), {},
            DataError, "a.csv has no scores: it has id, text", id="no scores",
        ),
        pytest.param(
            lambda t: (parts(t / "a.csv", [], errors=3), parts(t / "b.csv", [1])), {},
            DataError, "no row that could be read", id="errors only",
        ),
        pytest.param(
            lambda t: (parts(t / "a.csv", [1, float("nan")]), parts(t / "b.csv", [1])), {},
            DataError, "line 3 has score 'nan', and a number was expected", id="no number",
        ),
        pytest.param(
            lambda t: (parts(t / "a.txt", [1]), parts(t / "b.csv", [1])), {},
            OptionError, r"read from \.csv, \.jsonl, \.parquet", id="other suffix",
        ),
        pytest.param(
            lambda t: (parts(t / "a.csv", [1]), parts(t / "b.csv", [1])), {"threshold": 2.0},
            OptionError, "say themselves what is rejected, found threshold=2", id="threshold of parts",
        ),
        pytest.param(
            lambda t: (parts(t / "a.csv", [1]), parts(t / "b.csv", [1])), {"positive": "bad"},
            OptionError, "Parts have no labels, found positive='bad'", id="positive of parts",
        ),
        pytest.param(
            lambda t: (labels(t / "a.jsonl", two), labels(t / "b.jsonl", two)), {"positive": "x"},
            OptionError, "No label is called 'x'; there are a, b", id="unknown label",
        ),
        pytest.param(
            lambda t: (written(t / "a.csv", "id,label,probability\n1,a,0.5\n"), parts(t / "b.csv", [1])),
            {"positive": "a"}, OptionError, "probability of the given label only", id="positive in CSV",
        ),
        pytest.param(
            lambda t: (written(t / "a.csv", "id,labels,probabilities\n1,a|b,0.5|0.6\n"), parts(t / "b.csv", [1])),
            {}, OptionError, "carry several labels", id="several labels",
        ),
        pytest.param(
            lambda t: (parts(t / "a.csv", [1]), parts(t / "b.csv", [1])), {"bins": 1},
            OptionError, "bins are 2 to 100, found 1", id="one bin",
        ),
    ]  # fmt: skip


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


@pytest.mark.parametrize(("pair", "options", "kind", "message"), bad_pairs())
def test_files_that_cannot_be_compared_are_refused(
    pair: Callable[[Path], tuple[Path, Path]],
    options: dict[str, Any],
    kind: type[AcclimateError],
    message: str,
    tmp_path: Path,
) -> None:
    before, after = pair(tmp_path)
    with pytest.raises(kind, match=message) as raised:
        monitor(before, after, **options)
    assert raised.value.hint


def test_a_file_that_mixes_two_runs_is_refused_by_line(tmp_path: Path) -> None:
    file = parts(tmp_path / "a.csv", [1, 2])
    file.write_text(file.read_text() + "9,1.5,4.0,false,,\n")
    with pytest.raises(DataError, match=re.escape("a.csv line 4 was decided at 4, others at 3")):
        monitor(file, file)


def test_several_labels_are_watched_by_the_one_that_is_named(tmp_path: Path) -> None:
    rows = [
        {"id": str(k), "labels": ["a"] if k % 3 else [], "probabilities": {"a": k / 99, "b": 0.1}} for k in range(99)
    ]
    file = written(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    found = monitor(file, file, positive="a")
    assert [(change.name, change.before_count) for change in found.labels] == [("a", 66)]
    assert found.score == "probability of 'a'"


def test_files_are_read_one_row_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from acclimate.api import score_files

    open_rows, most = [0], [0]

    def counted(source: str) -> Any:
        for row in csv_rows(source):
            open_rows[0] += 1
            most[0] = max(most[0], open_rows[0])
            yield row
            open_rows[0] -= 1

    monkeypatch.setattr(score_files, "_READERS", {".csv": counted})
    file = parts(tmp_path / "a.csv", np.arange(500.0))
    monitor(file, file)
    assert most[0] == 1
