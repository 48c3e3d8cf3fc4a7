"""Library enquiries for Acclimate."""
