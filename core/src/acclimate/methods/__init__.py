"""Adaptation methods: each plans what trains, how fast and for how long, and installs what it adds."""

from acclimate.methods.head import Head, solve_head
from acclimate.methods.model import freeze
from acclimate.methods.partial import Boundary, boundary
from acclimate.methods.ranking import hard_negatives, judge, ranking_objective

__all__ = [
    "Boundary",
    "Head",
    "boundary",
    "freeze",
    "hard_negatives",
    "judge",
    "ranking_objective",
    "solve_head",
]
