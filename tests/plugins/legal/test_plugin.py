"""What the legal plugin offers."""

import subprocess
import sys

import pytest
from acclimate.plugins import Host
from acclimate_legal import clauses, contract_spans, entailment
from acclimate_legal.licences import read
from acclimate_legal.prepare import normalise


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_questions_on_contracts_are_scored_as_cuad_is_and_dealt_by_contract(host: Host) -> None:
    assert host.preset("legal/contract-spans").preset == contract_spans
    assert contract_spans.task == "question-answering"
    assert contract_spans.group == "title"
    for name in contract_spans.metrics:
        assert host.find("metric", name, "legal").tasks == ("question-answering",)
    assert {"cuad_aupr", "cuad_precision_at_80_recall", "answer_aupr"} <= set(contract_spans.metrics)
    assert contract_spans.task in host.find("method", contract_spans.method, "legal").tasks


def test_hypotheses_on_contracts_have_contract_nlis_labels_and_are_dealt_by_contract(host: Host) -> None:
    assert host.preset("legal/entailment").preset == entailment
    assert entailment.task == "natural-language-inference"
    assert entailment.group == "title"
    assert entailment.labels is not None
    assert entailment.labels.order == ("Entailment", "Contradiction", "NotMentioned")
    assert entailment.labels.find("neutral") == "NotMentioned"
    for name in entailment.metrics:
        assert entailment.task in host.find("metric", name, "legal").tasks
    assert {"accuracy", "contradiction_f1", "evidence_map"} <= set(entailment.metrics)
    for method in ("frozen", "full", "lora"):
        assert entailment.task in host.find("method", method, "legal").tasks


def test_the_plugin_loads_and_offers_clauses(host: Host) -> None:
    states = {state.name: state for state in host.plugins()}
    assert (states["legal"].state, states["legal"].reason) == ("loaded", "")
    assert host.preset("legal/clauses").preset == clauses
    assert clauses.task == "text-classification"
    assert clauses.prepare is not None
    assert clauses.prepare.load() is normalise


def test_its_names_mean_something_to_core(host: Host) -> None:
    assert host.find("backbone", clauses.backbone, "legal").modality == "text"
    assert clauses.demo is not None
    assert clauses.task in host.find("method", clauses.demo.method, "legal").tasks


def test_the_demo_data_is_read_by_its_own_loader_and_files_are_left_to_core(host: Host) -> None:
    assert clauses.demo is not None
    loader = host.choose_loader("legal", clauses.demo.source)
    assert loader is not None
    assert loader.read.load() is read
    table = host.choose_loader("legal", "clauses.csv")
    assert table is not None
    assert table.name == "csv"


def test_other_plugins_do_not_get_the_licences(host: Host) -> None:
    assert clauses.demo is not None
    assert host.choose_loader("general", clauses.demo.source) is None


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, acclimate_legal.plugin; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "acclimate_legal" in loaded
    assert not loaded & {"torch", "transformers", "numpy", "datasets", "sklearn", "yaml", "PIL"}
