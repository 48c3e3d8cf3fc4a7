"""Contracts as rows: their clauses to learn from and to predict, and a page that shows what was found."""
