"""Plants an invented patient in every attribute where hospitals put one, and lists what was planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.origin.sample.patients import PATIENTS, VISITS, Patient, Visit

PRIVATE_CREATOR: Final = "ORLOP IMAGING 2.1"
_SHORTEST: Final = 5


def _parts(name: str) -> Iterator[str]:
    for group in name.split("="):
        yield from group.split("^")


def _of_patient(patient: Patient) -> Iterator[str]:
    yield from _parts(patient.name)
    yield from _parts(patient.former)
    yield from patient.burned.split(", ")
    yield from (patient.identity, patient.other_identity, patient.born, patient.address)
    yield from (patient.telephone, patient.employer)


def _of_visit(visit: Visit) -> Iterator[str]:
    staff = visit.staff
    for name in (staff.referring, staff.performing, staff.operator, staff.reader):
        yield from _parts(name)
    yield from (staff.telephone, visit.place.department, visit.place.address)
    yield from (visit.accession, visit.date, visit.written_date)


def identifiers() -> frozenset[str]:
    """Return every planted string that may appear in no representation, not even after the first pass.

    Names come part by part, in each of their writings; dates as YYYYMMDD and DD.MM.YYYY. Times, ages and UIDs
    are not listed.
    """
    found = [text for patient in PATIENTS for text in _of_patient(patient)]
    found += [text for visit in VISITS.values() for text in _of_visit(visit)]
    # "OBE", "Dr" and other short parts occur by chance; two ideographs already make a name.
    return frozenset(text for text in found if len(text) >= (_SHORTEST if text.isascii() else 2))


def kept_in_first_pass() -> frozenset[str]:
    """Return the planted institution names and the beginnings of station names, which only the second pass drops."""
    return frozenset(text for visit in VISITS.values() for text in (visit.place.name, visit.place.code))


def station(visit: Visit, modality: str) -> str:
    """Return the Station Name of the visit's scanner."""
    return f"{visit.place.code}{modality}1"


def identify(dataset: Dataset, visit: Visit, modality: str) -> None:
    """Write the patient, the visit and the staff into `dataset`, over whatever identity it had."""
    patient = visit.patient
    if patient.charset:
        dataset.SpecificCharacterSet = patient.charset if isinstance(patient.charset, str) else list(patient.charset)
    elif "SpecificCharacterSet" in dataset:
        del dataset.SpecificCharacterSet
    _patient(dataset, visit)
    _study(dataset, visit)
    _equipment(dataset, visit, modality)
    _nested(dataset, visit)
    _private(dataset, visit)


def _patient(ds: Dataset, visit: Visit) -> None:
    patient = visit.patient
    ds.PatientName = patient.name
    ds.PatientID = patient.identity
    ds.IssuerOfPatientID = f"{visit.place.code} MASTER INDEX"
    ds.PatientBirthDate = patient.born
    ds.PatientBirthTime = "031500"
    ds.PatientSex = patient.sex
    ds.PatientAge = visit.age
    ds.PatientSize = "1.68"
    ds.PatientWeight = "64.5"
    ds.OtherPatientIDs = patient.other_identity
    ds.OtherPatientNames = patient.former
    ds.PatientBirthName = patient.former
    ds.PatientMotherBirthName = patient.former
    ds.PatientAddress = patient.address
    ds.PatientTelephoneNumbers = patient.telephone
    ds.Occupation = "night watch"
    ds.MedicalRecordLocator = f"SHELF {patient.identity}"
    ds.PatientReligiousPreference = "none stated"
    ds.AdditionalPatientHistory = f"{patient.spoken} was seen by {visit.staff.referring} on {visit.written_date}."
    ds.Allergies = f"none known; ask {patient.telephone}"
    ds.PatientComments = f"{patient.spoken}, lives at {patient.address}, works at {patient.employer}"
    ds.ResponsiblePerson = patient.former
    ds.ResponsiblePersonRole = "SPOUSE"
    other = Dataset()
    other.PatientID = patient.other_identity
    other.IssuerOfPatientID = "SOCIAL INSURANCE"
    other.TypeOfPatientID = "TEXT"
    ds.OtherPatientIDsSequence = Sequence([other])


def _study(ds: Dataset, visit: Visit) -> None:
    staff = visit.staff
    ds.StudyDate = visit.date
    ds.StudyTime = visit.time
    ds.AccessionNumber = visit.accession
    ds.StudyID = visit.accession[-8:]
    ds.StudyDescription = visit.description
    ds.ReferringPhysicianName = staff.referring
    ds.ReferringPhysicianAddress = visit.place.address
    ds.ReferringPhysicianTelephoneNumbers = staff.telephone
    ds.PhysiciansOfRecord = staff.referring
    ds.NameOfPhysiciansReadingStudy = staff.reader
    ds.RequestingPhysician = staff.referring
    ds.RequestingService = visit.place.department
    ds.AdmissionID = f"ADM{visit.accession}"
    ds.AdmittingDiagnosesDescription = f"{visit.title}, {visit.patient.spoken}"
    ds.CurrentPatientLocation = f"Bed 4, {visit.place.department}"
    ds.RequestedProcedureDescription = visit.description
    ds.ReasonForStudy = f"{visit.patient.spoken}: {visit.comment}"
    ds.StudyComments = f"Call {visit.patient.telephone} before noon"


def _equipment(ds: Dataset, visit: Visit, modality: str) -> None:
    place, staff = visit.place, visit.staff
    ds.InstitutionName = place.name
    ds.InstitutionAddress = place.address
    ds.InstitutionalDepartmentName = place.department
    ds.StationName = station(visit, modality)
    ds.DeviceSerialNumber = f"SN-{visit.accession}"
    ds.PerformingPhysicianName = staff.performing
    ds.OperatorsName = staff.operator
    ds.PerformedProcedureStepID = f"PPS{visit.accession[-8:]}"
    ds.PerformedProcedureStepStartDate = visit.date
    ds.PerformedProcedureStepStartTime = visit.time
    ds.PerformedProcedureStepDescription = visit.description
    ds.CommentsOnThePerformedProcedureStep = f"{visit.patient.spoken} arrived late, {staff.operator} assisted"


def _nested(ds: Dataset, visit: Visit) -> None:
    request = Dataset()
    request.AccessionNumber = visit.accession
    request.RequestedProcedureID = f"RP{visit.accession[-8:]}"
    request.RequestedProcedureDescription = visit.description
    request.ScheduledProcedureStepID = f"SPS{visit.accession[-8:]}"
    request.ScheduledProcedureStepDescription = visit.description
    request.ReasonForTheRequestedProcedure = f"{visit.patient.spoken}, born {visit.patient.born}"
    ds.RequestAttributesSequence = Sequence([request])
    before = Dataset()
    before.PatientName = visit.patient.former
    before.PatientID = visit.patient.other_identity
    original = Dataset()
    original.SourceOfPreviousValues = f"{visit.place.code} MASTER INDEX"
    original.AttributeModificationDateTime = f"{visit.date}{visit.time}"
    original.ModifyingSystem = f"{visit.place.code}-RIS"
    original.ReasonForTheAttributeModification = "CORRECT"
    original.ModifiedAttributesSequence = Sequence([before])
    ds.OriginalAttributesSequence = Sequence([original])
    doctor = Dataset()
    doctor.PersonIdentificationCodeSequence = Sequence([code("L7", "99ORLOP", visit.staff.referring)])
    doctor.PersonAddress = visit.place.address
    doctor.PersonTelephoneNumbers = visit.staff.telephone
    doctor.InstitutionName = visit.place.name
    ds.ReferringPhysicianIdentificationSequence = Sequence([doctor])


def _private(ds: Dataset, visit: Visit) -> None:
    patient = visit.patient
    block = ds.private_block(0x0009, PRIVATE_CREATOR, create=True)
    block.add_new(0x01, "PN", patient.name)
    block.add_new(0x02, "LO", patient.identity)
    block.add_new(0x03, "LT", f"{patient.spoken}, {patient.address}, {patient.telephone}")
    inner = Dataset()
    inner.PatientName = patient.name
    inner.PatientBirthDate = patient.born
    block.add_new(0x04, "SQ", Sequence([inner]))
    block.add_new(0x05, "UN", even(f"{patient.name}|{patient.identity}|{visit.accession}".encode()))
    block.add_new(0x06, "DA", patient.born)


def even(data: bytes) -> bytes:
    """Return `data`, padded to an even length (PS3.5 §7.1.1)."""
    return data + b"\0" * (len(data) % 2)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence (PS3.3 §8.8)."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item
