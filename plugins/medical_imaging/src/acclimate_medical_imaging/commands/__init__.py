"""The commands of acclimate-medical-imaging."""
