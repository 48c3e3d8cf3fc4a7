"""De-identification: copies of DICOM files without the patient, and a search for what still stands in them.

It aids de-identification and is not a certification: see docs/deidentify.md for what it does not do.
"""

from acclimate_medical_imaging.privacy.folder import deidentify
from acclimate_medical_imaging.privacy.scanning import Leak, scan
from acclimate_medical_imaging.privacy.summary import Deidentified, Unwritten

__all__ = ["Deidentified", "Leak", "Unwritten", "deidentify", "scan"]
