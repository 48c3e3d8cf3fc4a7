"""Pictures with masks: DICOM images, and the DICOM segmentations and NIfTI files that outline what is in them."""
