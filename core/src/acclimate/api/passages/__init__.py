"""Passages of long texts, read in windows: what tasks share that say something of each of them."""
