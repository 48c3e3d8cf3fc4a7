"""A CT image that names its patient in every place that DICOM has for it, and one that only has a patient."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

# Where the data sets are: beside the checkout, or where this variable says.
SHARED = Path(os.environ.get("ACCLIMATE_SHARED_DATA") or Path(__file__).resolve().parents[5] / "shared" / "data")

ROOT = "1.2.826.0.1.3680043.9.7133.4"
STUDY, SERIES, FRAME = f"{ROOT}.1", f"{ROOT}.2", f"{ROOT}.3"
INSTANCE, OTHER, SOURCE = f"{ROOT}.11", f"{ROOT}.12", f"{ROOT}.13"
CREATOR = f"{ROOT}.77"
BORN, STUDIED, ACQUIRED = date(1961, 7, 23), date(2019, 11, 4), date(2019, 12, 1)

# One word for each place it is planted in.
PLANTED = (
    *("preambleword", "sourceaetitle", "sendingaetitl", "receiveaetitl", "privatemetainf"),
    *("familynamezq", "givennamezq", "mrn-zq-00471", "othernameszq", "streetzqaddr", "patcommentzq", "historyzqtext"),
    *("hospitalzqname", "hospitalzqaddr", "stationzq", "referrerzq", "operatorzq", "accessionzq", "studyidzq"),
    *("studydesczq", "seriesdesczq", "protocolzq", "imagecommentzq", "derivationzq", "serialzq"),
    *("requestzqnested", "deepzqnested", "equipmentzq", "contributorzq", "contentdesczq", "reviewerzq"),
    *("privateonezq", "privatetwozq", "privatenestzq", "privatesqzq", "unknownzqtag"),
    *("overlaycommzq", "overlaydatazq", "overlaylabelzq", "curvedatazq", "curvelabelzq", "iconpixelszq"),
    *("structuredzqtext", "structuredzqname", "graphiczqtext", "originalzqattr", "signaturezq", "paddingzq"),
    *("pixeltrailzq", "calendarzqdate", "encryptedzq"),
)
UIDS = (STUDY, SERIES, FRAME, INSTANCE, OTHER, SOURCE, CREATOR)
DATES = (BORN, STUDIED, ACQUIRED)


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _image() -> Dataset:
    """Return a valid CT image of 16 by 16 pixels."""
    image = item(
        SOPClassUID=CTImageStorage,
        Modality="CT",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        PatientBirthDate="",
        PatientSex="F",
        StudyTime="091530",
        StudyID="",
        ReferringPhysicianName="",
        AccessionNumber="",
        SeriesNumber="3",
        InstanceNumber="7",
        AcquisitionNumber="1",
        PositionReferenceIndicator="",
        PatientPosition="HFS",
        ImagePositionPatient=[0, 0, 0],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[1, 1],
        SliceThickness="2",
        Manufacturer="Maker",
        KVP="120",
        RescaleSlope="1",
        RescaleIntercept="-1024",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=16,
        Columns=16,
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=0,
        BurnedInAnnotation="NO",
    )
    image.PixelData = np.arange(256, dtype="<u2").tobytes()
    return image


def _write(image: Dataset, file: Path, **meta: Any) -> Path:
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in meta.items():
        setattr(image.file_meta, keyword, value)
    file.parent.mkdir(parents=True, exist_ok=True)
    dcmwrite(file, image, enforce_file_format=True)
    return file


Scan = Callable[..., Path]


@pytest.fixture
def scan_of(tmp_path: Path) -> Scan:
    """Write a CT image of a patient: `scan_of("MRN-1", study="1.2.3", instance="1.2.3.4", StudyDate="20200101")`."""

    def write(patient: str, *, study: str, instance: str, **attributes: Any) -> Path:
        image = _image()
        image.PatientID, image.PatientName = patient, f"Name^{patient}"
        image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID = study, f"{study}.5", instance
        image.FrameOfReferenceUID = f"{study}.6"
        for keyword, value in attributes.items():
            setattr(image, keyword, value)
        return _write(image, tmp_path / "source" / patient / instance)

    return write


@pytest.fixture
def shared_dicom() -> Path:
    """Return the folder of real DICOM files, or skip."""
    folder = SHARED / "medical_imaging" / "dicom"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return folder


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Return the file that holds all of PLANTED, UIDS and DATES."""
    image = _image()
    image.preamble = b"preambleword".ljust(128, b"\0")
    _plant_text(image)
    _plant_dates_and_uids(image)
    _plant_nested(image)
    _plant_elsewhere(image)
    return _write(
        image,
        tmp_path / "planted" / "IM0001",
        SourceApplicationEntityTitle="sourceaetitle",
        SendingApplicationEntityTitle="sendingaetitl",
        ReceivingApplicationEntityTitle="receiveaetitl",
        PrivateInformationCreatorUID=CREATOR,
        PrivateInformation=b"privatemetainf",
    )


def _plant_text(image: Dataset) -> None:
    image.PatientName = "familynamezq^givennamezq"
    image.PatientID = "mrn-zq-00471"
    image.PatientAge = "093Y"
    image.PatientSize, image.PatientWeight = "1.71", "64"
    for keyword, value in {
        "OtherPatientNames": "othernameszq",
        "PatientAddress": "streetzqaddr",
        "PatientComments": "patcommentzq",
        "AdditionalPatientHistory": "historyzqtext",
        "PatientBirthDateInAlternativeCalendar": "calendarzqdate",
        "InstitutionName": "hospitalzqname",
        "InstitutionAddress": "hospitalzqaddr",
        "StationName": "stationzq",
        "ReferringPhysicianName": "referrerzq",
        "OperatorsName": "operatorzq",
        "AccessionNumber": "accessionzq",
        "StudyID": "studyidzq",
        "StudyDescription": "studydesczq",
        "SeriesDescription": "seriesdesczq",
        "ProtocolName": "protocolzq",
        "ImageComments": "imagecommentzq",
        "DerivationDescription": "derivationzq",
        "DeviceSerialNumber": "serialzq",
        "ContentDescription": "contentdesczq",
        "SecondaryReviewerName": "reviewerzq",
    }.items():
        setattr(image, keyword, value)


def _plant_dates_and_uids(image: Dataset) -> None:
    image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID = STUDY, SERIES, INSTANCE
    image.FrameOfReferenceUID = FRAME
    image.PatientBirthDate = f"{BORN:%Y%m%d}"
    image.StudyDate = f"{STUDIED:%Y%m%d}"
    image.AcquisitionDate = f"{ACQUIRED:%Y%m%d}"
    image.AcquisitionDateTime = f"{ACQUIRED:%Y%m%d}101112.5"
    image.ReferencedImageSequence = [item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=OTHER)]
    image.SourceImageSequence = [item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=SOURCE)]
    image.ReferencedSeriesSequence = [
        item(
            SeriesInstanceUID=SERIES,
            ReferencedInstanceSequence=[
                item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=INSTANCE)
            ],
        )
    ]


def _plant_nested(image: Dataset) -> None:
    image.RequestAttributesSequence = [item(ScheduledProcedureStepDescription="requestzqnested")]
    image.ContributingEquipmentSequence = [
        item(
            Manufacturer="Maker",
            InstitutionName="equipmentzq",
            ContributionDescription="contributorzq",
            PurposeOfReferenceCodeSequence=[
                item(CodeValue="109101", CodingSchemeDesignator="DCM", CodeMeaning="Acquisition Equipment")
            ],
        )
    ]
    deep = item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=OTHER, TextValue="deepzqnested")
    deep.private_block(0x0041, "privatenestzq", create=True).add_new(1, "LO", "privatenestzq")
    image.ReferencedSeriesSequence[0].ReferencedInstanceSequence.append(deep)
    image.ContentSequence = [
        item(ValueType="TEXT", TextValue="structuredzqtext"),
        item(ValueType="PNAME", PersonName="structuredzqname", ContentSequence=[item(DateTime=f"{BORN:%Y%m%d}")]),
    ]
    image.GraphicAnnotationSequence = [
        item(GraphicLayer="LAYER", TextObjectSequence=[item(UnformattedTextValue="graphiczqtext")])
    ]
    image.OriginalAttributesSequence = [item(ModifiedAttributesSequence=[item(PatientName="originalzqattr")])]
    image.DigitalSignaturesSequence = [item(MACIDNumber=1, CertificateOfSigner=b"signaturezq")]
    image.EncryptedAttributesSequence = [item(EncryptedContent=b"encryptedzq")]
    image.IconImageSequence = [item(Rows=3, Columns=4, BitsAllocated=8, PixelData=b"iconpixelszq")]


def _plant_elsewhere(image: Dataset) -> None:
    one = image.private_block(0x0009, "MAKER ONE", create=True)
    one.add_new(1, "LO", "privateonezq")
    one.add_new(2, "SQ", [item(PatientName="privatesqzq")])
    one.add_new(3, "DA", f"{STUDIED:%Y%m%d}")
    image.private_block(0x7053, "MAKER TWO", create=True).add_new(9, "OB", b"privatetwozq")
    image.add_new(0x00080099, "LO", "unknownzqtag")
    for tag, vr, value in (
        (0x60000010, "US", 4),
        (0x60000011, "US", 4),
        (0x60003000, "OW", b"overlaydatazq\0"),
        (0x60001500, "LO", "overlaylabelzq"),
        (0x60004000, "LT", "overlaycommzq"),
        (0x50003000, "OW", b"curvedatazq\0"),
        (0x50002500, "LO", "curvelabelzq"),
        (0xFFFCFFFC, "OB", b"paddingzq"),
    ):
        image.add_new(tag, vr, value)
    image.PixelData += b"pixeltrailzq"
