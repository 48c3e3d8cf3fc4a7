"""What a contract is made of: clauses in a tree with their paths, and defined terms."""

from acclimate_legal.structure.clauses import Clause, walk
from acclimate_legal.structure.terms import DefinedTerm, defined_terms
from acclimate_legal.structure.tree import clause_tree

__all__ = ["Clause", "DefinedTerm", "clause_tree", "defined_terms", "walk"]
