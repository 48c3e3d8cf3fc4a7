"""A search from end to end: what is learned, saved, loaded again, measured and written."""

from acclimate.api import Run, load


def test_what_pairs_teach_is_found_and_words_do_not_find_it(searching: Run) -> None:
    metrics, baselines = searching.report.metrics, searching.report.baselines
    print(searching.report)
    assert metrics["mrr"].value > baselines["bm25"]["mrr"].value
    assert metrics["mrr"].value > baselines["frozen_encoder"]["mrr"].value
    found = load(searching.output).search("judge says", k=3)
    assert len(found) == 3
