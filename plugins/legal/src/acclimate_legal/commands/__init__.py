"""Commands of acclimate-legal."""
