"""DICOMweb servers, as a source of images and a place for results."""

from acclimate_medical_imaging.web.client import DicomWeb, Series
from acclimate_medical_imaging.web.downloading import Downloaded, download
from acclimate_medical_imaging.web.errors import ServerError
from acclimate_medical_imaging.web.storing import Stored, store

__all__ = ["DicomWeb", "Downloaded", "Series", "ServerError", "Stored", "download", "store"]
