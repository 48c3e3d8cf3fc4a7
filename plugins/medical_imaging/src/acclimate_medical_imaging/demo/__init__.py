"""The demo: real DICOM files that install as packages, and pictures of what came of them."""
