"""DICOM files as pictures: found, checked before they are decoded, and shown as they are meant to be seen."""
