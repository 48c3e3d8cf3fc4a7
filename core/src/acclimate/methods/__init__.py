"""Adaptation methods: each plans what trains, how fast and for how long, and installs what it adds."""

from acclimate.methods.head import Head, solve_head
from acclimate.methods.model import freeze
from acclimate.methods.partial import Boundary, boundary

__all__ = ["Boundary", "Head", "boundary", "freeze", "solve_head"]
