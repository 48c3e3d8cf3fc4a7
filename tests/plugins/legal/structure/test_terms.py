"""Defined terms are found by what stands beside their quotation marks."""

import pytest
from acclimate_legal.documents.document import printed
from acclimate_legal.structure import clause_tree, defined_terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ('Acme Ltd (the "Supplier") and Beta (together, the “Parties”; each a "Party").', ["Supplier", "Parties"]),
        ('"Fees" means the fees; “Term” shall have the meaning in 1.', ["Fees", "Term"]),
        ('1. "Confidential Information" shall mean all of it.', ["Confidential Information"]),
        ("this lease agreement (“Lease”)", ["Lease"]),
        ('He said "stop" and went on (in the evening).', []),
    ],
)
def test_terms_are_found_where_they_are_defined(text: str, terms: list[str]) -> None:
    found = defined_terms(clause_tree(printed("a.txt", text, (), flowing=True)))
    assert [term.term for term in found] == terms
    for term in found:
        assert text[term.start : term.end] == term.term
        assert term.path in ("¶1", "1")
