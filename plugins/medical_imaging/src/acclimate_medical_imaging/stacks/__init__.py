"""Volumes as stacks of pictures: which slices are seen and how, and a row for each series or NIfTI file."""
