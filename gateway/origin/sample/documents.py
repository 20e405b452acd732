"""What accompanies the CT: a report (SR), key objects (KOS), a presentation state (GSPS) and a scanned letter (PDF)."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.origin.sample.abdomen import LESION, SIZE, SPACING
from gateway.origin.sample.identity import code, even
from gateway.origin.sample.patients import VISITS, Visit
from gateway.origin.sample.sections import CT_IMAGE, CT_SERIES, CT_STEP, CT_TOP
from gateway.origin.sample.writing import Instance, Instances, Series, begin, uid

_COMPREHENSIVE_SR: Final = "1.2.840.10008.5.1.4.1.1.88.33"
_KEY_OBJECTS: Final = "1.2.840.10008.5.1.4.1.1.88.59"
_GSPS: Final = "1.2.840.10008.5.1.4.1.1.11.1"
_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"

_KEY_SLICE: Final = round((CT_TOP - LESION.z) / CT_STEP) + 1
_DIAMETER: Final = f"{2 * LESION.a:.1f}"


def _document(visit: Visit, series: Series, sop_class: str) -> Dataset:
    ds = begin(visit, series, 1, sop_class)
    for keyword in ("ImageComments", "BodyPartExamined", "AcquisitionDate", "AcquisitionTime", "ProtocolName"):
        delattr(ds, keyword)
    return ds


def _reference(visit: Visit, number: int = _KEY_SLICE) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = CT_IMAGE
    item.ReferencedSOPInstanceUID = uid(visit.key, CT_SERIES.number, number)
    return item


def _evidence(visit: Visit) -> Sequence:
    series = Dataset()
    series.SeriesInstanceUID = uid(visit.key, CT_SERIES.number)
    series.ReferencedSOPSequence = Sequence([_reference(visit)])
    study = Dataset()
    study.StudyInstanceUID = uid(visit.key)
    study.ReferencedSeriesSequence = Sequence([series])
    return Sequence([study])


def _node(relation: str, kind: str, name: Dataset, *children: Dataset, **value: object) -> Dataset:
    """Return one content item (PS3.3 C.17.3)."""
    node = Dataset()
    if relation:
        node.RelationshipType = relation
    node.ValueType = kind
    if name:
        node.ConceptNameCodeSequence = Sequence([name])
    for keyword, content in value.items():
        setattr(node, keyword, content)
    if children:
        node.ContentSequence = Sequence(list(children))
    return node


def _container(relation: str, name: Dataset, *children: Dataset) -> Dataset:
    return _node(relation, "CONTAINER", name, *children, ContinuityOfContent="SEPARATE")


def _text(name: Dataset, text: str) -> Dataset:
    return _node("CONTAINS", "TEXT", name, TextValue=text)


def report() -> Instances:
    """Yield a verified comprehensive report with names, dates and one measurement drawn on a CT slice."""
    visit = VISITS["ct-abdomen"]
    patient, staff = visit.patient, visit.staff
    series = Series(801, "SR", "Report", "Befundwerk", "Dictate 5", "")
    ds = _document(visit, series, _COMPREHENSIVE_SR)
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "VERIFIED"
    ds.ReferencedPerformedProcedureStepSequence = Sequence([])
    ds.PerformedProcedureCodeSequence = Sequence([])
    ds.CurrentRequestedProcedureEvidenceSequence = _evidence(visit)
    observer = Dataset()
    observer.VerifyingObserverName = staff.reader
    observer.VerifyingOrganization = visit.place.name
    observer.VerificationDateTime = f"{visit.date}143000"
    observer.VerifyingObserverIdentificationCodeSequence = Sequence([])
    ds.VerifyingObserverSequence = Sequence([observer])
    column, row = (LESION.x / SPACING + SIZE / 2, LESION.y / SPACING + SIZE / 2)
    reach = LESION.a / SPACING
    image = _node("SELECTED FROM", "IMAGE", Dataset(), ReferencedSOPSequence=Sequence([_reference(visit)]))
    line = _node(
        "INFERRED FROM",
        "SCOORD",
        code("121055", "DCM", "Path"),
        image,
        GraphicType="POLYLINE",
        GraphicData=[round(column - reach, 1), round(row, 1), round(column + reach, 1), round(row, 1)],
    )
    measured = Dataset()
    measured.NumericValue = _DIAMETER
    measured.MeasurementUnitsCodeSequence = Sequence([code("mm", "UCUM", "mm")])
    diameter = _node(
        "CONTAINS", "NUM", code("M-02550", "SRT", "Diameter"), line, MeasuredValueSequence=Sequence([measured])
    )
    findings = _container(
        "CONTAINS",
        code("121070", "DCM", "Findings"),
        _text(
            code("121071", "DCM", "Finding"),
            f"{patient.spoken}, born {visit.patient.born}: hypodense lesion of {_DIAMETER} mm "
            "in segment VIII of the liver. "
            f"Compared with the examination of {visit.written_date}, accession {visit.accession}.",
        ),
        diameter,
    )
    impression = _container(
        "CONTAINS",
        code("121072", "DCM", "Impressions"),
        _text(
            code("121073", "DCM", "Impression"),
            f"Single liver lesion in {patient.spoken}. "
            f"Discussed with {staff.referring} by telephone, {staff.telephone}.",
        ),
    )
    context = (
        _node("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"), PersonName=staff.reader),
        _node("HAS OBS CONTEXT", "PNAME", code("121029", "DCM", "Subject Name"), PersonName=patient.name),
        _node("HAS OBS CONTEXT", "TEXT", code("121030", "DCM", "Subject ID"), TextValue=patient.identity),
        _node("HAS OBS CONTEXT", "DATE", code("121031", "DCM", "Subject Birth Date"), Date=patient.born),
    )
    root = _container("", code("18748-4", "LN", "Diagnostic imaging report"), *context, findings, impression)
    ds.update(root)
    yield Instance(visit, ds)


def key_objects() -> Instances:
    """Yield a note that points out the slice through the lesion (PS3.3 A.35.4)."""
    visit = VISITS["ct-abdomen"]
    ds = _document(visit, Series(802, "KO", "Key images", "Befundwerk", "Dictate 5", ""), _KEY_OBJECTS)
    ds.ReferencedPerformedProcedureStepSequence = Sequence([])
    ds.CurrentRequestedProcedureEvidenceSequence = _evidence(visit)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    ds.ContentTemplateSequence = Sequence([template])
    ds.update(
        _container(
            "",
            code("113000", "DCM", "Of Interest"),
            _text(code("113012", "DCM", "Key Object Description"), f"For the conference: {visit.patient.spoken}"),
            _node("CONTAINS", "IMAGE", Dataset(), ReferencedSOPSequence=Sequence([_reference(visit)])),
        )
    )
    yield Instance(visit, ds)


def presentation_state() -> Instances:
    """Yield a state that windows the slice for the liver and circles the lesion, the name in the caption."""
    visit = VISITS["ct-abdomen"]
    ds = _document(visit, Series(803, "PR", "Marked lesion", "Befundwerk", "Dictate 5", ""), _GSPS)
    ds.PresentationCreationDate, ds.PresentationCreationTime = visit.date, visit.time
    ds.ContentLabel = "LESION"
    ds.ContentDescription = f"Lesion of {visit.patient.spoken}"
    ds.ContentCreatorName = visit.staff.reader
    shown = Dataset()
    shown.SeriesInstanceUID = uid(visit.key, CT_SERIES.number)
    shown.ReferencedImageSequence = Sequence([_reference(visit)])
    ds.ReferencedSeriesSequence = Sequence([shown])
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [1, 1], [SIZE, SIZE]
    area.PresentationSizeMode = "SCALE TO FIT"
    area.PresentationPixelAspectRatio = [1, 1]
    ds.DisplayedAreaSelectionSequence = Sequence([area])
    ds.GraphicAnnotationSequence = Sequence([_annotation(visit)])
    layer = Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder = "LESION", 1
    layer.GraphicLayerDescription = f"drawn by {visit.staff.reader}"
    ds.GraphicLayerSequence = Sequence([layer])
    voi = Dataset()
    voi.WindowCenter, voi.WindowWidth = "90", "160"
    ds.SoftcopyVOILUTSequence = Sequence([voi])
    ds.PresentationLUTShape = "IDENTITY"
    ds.Laterality = ""
    yield Instance(visit, ds)


def _annotation(visit: Visit) -> Dataset:
    column, row = round(LESION.x / SPACING + SIZE / 2, 1), round(LESION.y / SPACING + SIZE / 2, 1)
    circle = Dataset()
    circle.GraphicAnnotationUnits = "PIXEL"
    circle.GraphicDimensions, circle.NumberOfGraphicPoints = 2, 2
    circle.GraphicData = [column, row, column + 26, row]
    circle.GraphicType, circle.GraphicFilled = "CIRCLE", "N"
    caption = Dataset()
    caption.AnchorPointAnnotationUnits = "PIXEL"
    caption.AnchorPoint, caption.AnchorPointVisibility = [column + 26, row], "Y"
    caption.UnformattedTextValue = f"{visit.patient.spoken}, lesion {_DIAMETER} mm, {visit.written_date}"
    annotation = Dataset()
    annotation.GraphicLayer = "LESION"
    annotation.TextObjectSequence = Sequence([caption])
    annotation.GraphicObjectSequence = Sequence([circle])
    return annotation


def letter() -> Instances:
    """Yield the referral as an Encapsulated PDF: a class of which no header can be trusted to be all."""
    visit = VISITS["ct-abdomen"]
    ds = _document(visit, Series(804, "DOC", "Referral", "Befundwerk", "Scan 2", ""), _PDF)
    ds.ConversionType = "SD"
    ds.BurnedInAnnotation = "YES"
    ds.AcquisitionDateTime = f"{visit.date}{visit.time}"
    ds.DocumentTitle = f"Referral of {visit.patient.spoken}"
    ds.ConceptNameCodeSequence = Sequence([code("57133-1", "LN", "Referral note")])
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    text = f"Referral of {visit.patient.burned}, {visit.patient.identity}, born {visit.patient.born}"
    ds.EncapsulatedDocument = _pdf(text)
    ds.EncapsulatedDocumentLength = len(ds.EncapsulatedDocument)
    yield Instance(visit, ds)


def _pdf(text: str) -> bytes:
    """Return one page with one line of ASCII `text`."""
    stream = f"BT /F1 12 Tf 60 760 Td ({text}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    page = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(page))
        page += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(page)
    page += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    page += b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return even(page)
