"""The invented people and visits of the sample PACS, and every string of theirs that must never come through.

Surnames, given names, streets and numbers are made up so that none occurs anywhere else by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A hospital: what the first pass keeps (`name`, stations) and what it does not."""

    name: str
    department: str
    address: str
    code: str
    """Short mark that its stations, accession and serial numbers begin with."""


@dataclass(frozen=True, slots=True)
class Staff:
    """The people around one visit, as PN values in ASCII."""

    referring: str
    performing: str
    operator: str
    reader: str
    telephone: str


@dataclass(frozen=True, slots=True)
class Patient:
    """One invented patient. `name` is a PN value, with its ideographic and phonetic groups where it has them."""

    name: str
    spoken: str
    """How a clerk types the name into a free-text field."""
    former: str
    identity: str
    other_identity: str
    born: str
    sex: str
    address: str
    telephone: str
    employer: str
    charset: str | tuple[str, ...] = ""
    burned: str = ""
    """How a scanner without accents writes the name into pixels and comments."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One study of one patient."""

    key: str
    patient: Patient
    place: Place
    staff: Staff
    date: str
    time: str
    accession: str
    title: str
    """What the study shows, without the name that clerks add to the description."""
    comment: str = field(default="seen in clinic")

    @property
    def description(self) -> str:
        """Study Description as it is typed in many hospitals: with the name in it."""
        return f"{self.title} {self.patient.spoken}"

    @property
    def age(self) -> str:
        """Patient's Age (AS) at the visit, in years."""
        years = int(self.date[:4]) - int(self.patient.born[:4]) - (self.date[4:] < self.patient.born[4:])
        return f"{years:03d}Y"

    @property
    def written_date(self) -> str:
        """The date as it is burned into pixels and typed into reports."""
        return f"{self.date[6:]}.{self.date[4:6]}.{self.date[:4]}"


_ANSELMUS = Place("Klinikum Sankt Anselmus", "Radiologie Haus Q7", "Zwergpalmenallee 314, 99872 Quendelbrunn", "ANSELQ")
_WEXCOMBE = Place("Wexcombe Harbour Infirmary", "Imaging Wing Orlop", "77 Gannetsway, Wexcombe WX9 4QZ", "WEXHRB")
_KUROMORI = Place("Kuromorizaka Hospital", "Radiology B5", "8-41 Kuromorizaka, Hoshinodai 998-0417", "KUROMZ")

_STAFF_ANSELMUS = Staff("Zwetschgenbaum^Ulrich^^Dr.", "Hinterhuberin^Rosl^^Dr.", "Klapperstein^Udo",
                        "Mondscheiner^Ilsabe", "+49 3699 5550147")  # fmt: skip
_STAFF_WEXCOMBE = Staff("Vandersplinter^Maudlin^^Dr", "Drumgoolie^Aoibheann^^Dr", "Pockettwhistle^Gus",
                        "Okonjowitz^Femisola", "01632 960183")  # fmt: skip
_STAFF_KUROMORI = Staff(
    "Castelvecchiani^Brunello", "Hoshinokage^Ren", "Mizuutagawa^Aoi", "Tsukinomori^Jun", "+81 3-5550-0188"
)

WEIDENFELLER: Final = Patient(
    "Weidenfeller^Ottiliane^Kätheline", "Mrs Weidenfeller", "Rübenzähler^Ottiliane", "AN-4471920-W",
    "SVNR 65 021130 W 518", "19301102", "F", "Dotterblumenstieg 98, 99874 Mühlengründl", "+49 3699 5550123",
    "Schraubenfabrik Knollhuber", "ISO_IR 100", "WEIDENFELLER, OTTILIANE",
)  # fmt: skip
QUILLFEATHER: Final = Patient(
    "Quillfeather^Barnabus^Thaddy", "Mr Quillfeather", "Marrowmoth^Barnabus", "WX0083317Q", "NHS 999 083 3174",
    "19660214", "M", "19 Puffinstair, Wexcombe WX2 8JT", "01632 960742", "Quayside Ropeworks Ltd",
)  # fmt: skip
AMAYADORI: Final = Patient(
    "Amayadori^Ryu=雨宿^龍=あまやどり^りゅう", "Amayadori", "Kazenomichi^Ryu", "KM-2209417", "HKN 06 417 2209",
    "19800605", "M", "3-12-9 Hoshinodai, Kuromori", "+81 90-5550-4417", "Tsubakiya Denki",
    ("ISO 2022 IR 6", "ISO 2022 IR 87"),
    "AMAYADORI, RYU",
)  # fmt: skip
ZVEZDOPLYOTOV: Final = Patient(
    "Звездоплётов^Аркадиян^Еремеевич", "Звездоплётов", "Лунокрадов^Аркадиян", "ЗВ-771902", "СНИЛС 771-902-665 01",
    "19570923", "M", "Кривоколенная слобода 41", "+7 812 5550 902", "Завод Турбинка", "ISO_IR 144",
)  # fmt: skip
PAPADOGLAROU: Final = Patient(
    "Παπαδογλάρου^Ευθαλινή", "κα Παπαδογλάρου", "Σταφυλοπάτη^Ευθαλινή", "ΠΓ-550318", "ΑΜΚΑ 22107155031",
    "19710722", "F", "Οδός Κυκλαμίνων 208, Μυρτιδιά", "+30 21 5550 3182", "Αρτοποιείο Ζυμαράκη", "ISO_IR 192",
)  # fmt: skip
MUESSIGGAENGLER: Final = Patient(
    "Müßiggängler^Jörgfried", "Hr. Müßiggängler", "Spätzünder^Jörgfried", "AN-3920117-M", "SVNR 14 170684 M 022",
    "19840617", "M", "Gänseblümchenpfad 5, 99871 Schläfringen", "+49 3699 5550166", "Kühlhaus Frostbeutel",
    "ISO_IR 100", "MUESSIGGAENGLER, JOERGFRIED",
)  # fmt: skip
FENNIMORGAN: Final = Patient(
    "Fennimorgan^Isoldene", "Miss Fennimorgan", "Fennimorgan-Tussock^Isoldene", "WX0412206F", "NHS 999 412 2066",
    "20161009", "F", "2 Limpetcroft, Wexcombe WX5 1RB", "01632 960421", "Wexcombe Infants School",
)  # fmt: skip
BRACKENWHISTLE: Final = Patient(
    "Brackenwhistle^Edmundo^Orpheus^^OBE", "Mr Brackenwhistle", "Bramblethwack^Edmundo", "WX0017745B",
    "NHS 999 017 7453", "19520830", "M", "The Old Cooperage, Wexcombe WX1 3DD", "01632 960508",
    "Wexcombe Lightship Trust",
)  # fmt: skip
TALLOWMERE: Final = Patient(
    "Tallowmere^Philippina", "Ms Tallowmere", "Gorsebucket^Philippina", "WX0290651T", "NHS 999 290 6517",
    "19610318", "F", "Flat 9, 60 Kittiwake Rise, Wexcombe WX3 7HL", "01632 960317", "Tallowmere Candles",
)  # fmt: skip
GRIMSANDVALL: Final = Patient(
    "Grímsandvåll^Sólveigur", "Fr. Grímsandvåll", "Æðarkollur^Sólveigur", "AN-5108834-G", "SVNR 27 090190 G 771",
    "19900109", "F", "Löwenzahnwinkel 61, 99870 Nebelgrüßen", "+49 3699 5550171", "Bäckerei Krümelmeier",
    "ISO_IR 100",
)  # fmt: skip
DALBITMARU: Final = Patient(
    "Dalbitmaru^Narae=달빛마루^나래=달빛마루^나래", "Dalbitmaru", "Byeolsaem^Narae", "KM-3140882", "RRN 880521-2314088",
    "19880521", "F", "Haetnim-ro 271, Solbaram-dong", "+82 2-5550-8821", "Neulpureun Textiles",
    ("", "ISO 2022 IR 149"),
)  # fmt: skip
OKPARANDUWA: Final = Patient(
    "Okparanduwa^Chidimmanu", "Mrs Okparanduwa", "Nwabuezelu^Chidimmanu", "WX0366128K", "NHS 999 366 1287",
    "19790411", "F", "14b Cormorant Yard, Wexcombe WX4 6TN", "01632 960944", "Okparanduwa Fabrics",
)  # fmt: skip

PATIENTS: Final = (
    WEIDENFELLER, QUILLFEATHER, AMAYADORI, ZVEZDOPLYOTOV, PAPADOGLAROU, MUESSIGGAENGLER,
    FENNIMORGAN, BRACKENWHISTLE, TALLOWMERE, GRIMSANDVALL, DALBITMARU, OKPARANDUWA,
)  # fmt: skip

_VISITS = (
    Visit("ct-abdomen", WEIDENFELLER, _ANSELMUS, _STAFF_ANSELMUS, "20240312", "101427", "ANSELQ24031288", "CT abdomen"),
    Visit("cr-chest", QUILLFEATHER, _WEXCOMBE, _STAFF_WEXCOMBE, "20240219", "083312", "WEXHRB24021907", "Chest PA/LAT"),
    Visit("cr-follow-up", QUILLFEATHER, _WEXCOMBE, _STAFF_WEXCOMBE, "20240401", "141906", "WEXHRB24040131",
        "Chest control"),
    Visit("mr-head", AMAYADORI, _KUROMORI, _STAFF_KUROMORI, "20230914", "154455", "KUROMZ23091416", "MRI head"),
    Visit("xa-coronary", ZVEZDOPLYOTOV, _ANSELMUS, _STAFF_ANSELMUS, "20240126", "091138", "ANSELQ24012644", "XA"),
    Visit("mg-screening", PAPADOGLAROU, _ANSELMUS, _STAFF_ANSELMUS, "20231121", "112750", "ANSELQ23112119",
        "Mammography"),
    Visit("us-abdomen", MUESSIGGAENGLER, _ANSELMUS, _STAFF_ANSELMUS, "20240227", "104431", "ANSELQ24022762",
        "US Abdomen"),
    Visit("dx-hand", FENNIMORGAN, _WEXCOMBE, _STAFF_WEXCOMBE, "20240523", "160245", "WEXHRB24052355", "XR hand"),
    Visit("pt-trunk", BRACKENWHISTLE, _WEXCOMBE, _STAFF_WEXCOMBE, "20240617", "123808", "WEXHRB24061712", "PET trunk"),
    Visit("nm-bone", BRACKENWHISTLE, _WEXCOMBE, _STAFF_WEXCOMBE, "20240604", "134959", "WEXHRB24060473", "Bone scan"),
    Visit("rf-swallow", TALLOWMERE, _WEXCOMBE, _STAFF_WEXCOMBE, "20231205", "095521", "WEXHRB23120526",
        "Barium swallow"),
    Visit("shipped-us", GRIMSANDVALL, _ANSELMUS, _STAFF_ANSELMUS, "20220816", "113349", "ANSELQ22081633", "US"),
    Visit("shipped-mr", DALBITMARU, _KUROMORI, _STAFF_KUROMORI, "20210427", "172214", "KUROMZ21042792", "MR"),
    Visit("shipped-ct", OKPARANDUWA, _WEXCOMBE, _STAFF_WEXCOMBE, "20220713", "144137", "WEXHRB22071348",
        "CT and others"),
)  # fmt: skip

VISITS: Final = MappingProxyType({visit.key: visit for visit in _VISITS})
