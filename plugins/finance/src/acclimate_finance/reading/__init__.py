"""Filings and earnings calls: read into rows that say where in their document each text stands."""
