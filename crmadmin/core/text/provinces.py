"""The provinces and cities of Vietnam: 34 since 1 July 2025, and the names used before.

Source of the units: Resolution 202/2025/QH15; of their codes: Decision 19/2025/QĐ-TTg.
"""

import re
from dataclasses import dataclass

from crmadmin.core.text.base import Note, cell_text, note
from crmadmin.core.text.clean import collapse
from crmadmin.core.text.folding import heading_key

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Province:
    """A unit in force: its two-digit code and the name that is stored and shown."""

    code: str
    name: str

    def __str__(self) -> str:
        return self.name


# code, name, names of before the merger that are now part of it
_UNITS = (
    ("01", "Hà Nội", ()),
    ("04", "Cao Bằng", ()),
    ("08", "Tuyên Quang", ("Hà Giang",)),
    ("11", "Điện Biên", ()),
    ("12", "Lai Châu", ()),
    ("14", "Sơn La", ()),
    ("15", "Lào Cai", ("Yên Bái",)),
    ("19", "Thái Nguyên", ("Bắc Kạn",)),
    ("20", "Lạng Sơn", ()),
    ("22", "Quảng Ninh", ()),
    ("24", "Bắc Ninh", ("Bắc Giang",)),
    ("25", "Phú Thọ", ("Hòa Bình", "Vĩnh Phúc")),
    ("31", "Hải Phòng", ("Hải Dương",)),
    ("33", "Hưng Yên", ("Thái Bình",)),
    ("37", "Ninh Bình", ("Hà Nam", "Nam Định")),
    ("38", "Thanh Hóa", ()),
    ("40", "Nghệ An", ()),
    ("42", "Hà Tĩnh", ()),
    ("44", "Quảng Trị", ("Quảng Bình",)),
    ("46", "Huế", ("Thừa Thiên Huế",)),
    ("48", "Đà Nẵng", ("Quảng Nam",)),
    ("51", "Quảng Ngãi", ("Kon Tum",)),
    ("52", "Gia Lai", ("Bình Định",)),
    ("56", "Khánh Hòa", ("Ninh Thuận",)),
    ("66", "Đắk Lắk", ("Phú Yên",)),
    ("68", "Lâm Đồng", ("Đắk Nông", "Bình Thuận")),
    ("75", "Đồng Nai", ("Bình Phước",)),
    ("79", "TP. Hồ Chí Minh", ("Bình Dương", "Bà Rịa – Vũng Tàu")),
    ("80", "Tây Ninh", ("Long An",)),
    ("82", "Đồng Tháp", ("Tiền Giang",)),
    ("86", "Vĩnh Long", ("Bến Tre", "Trà Vinh")),
    ("91", "An Giang", ("Kiên Giang",)),
    ("92", "Cần Thơ", ("Sóc Trăng", "Hậu Giang")),
    ("96", "Cà Mau", ("Bạc Liêu",)),
)

# Other ways to write a name above, new or old. QN, BD, HG and the like fit two and are absent.
_SHORT_FORMS = {
    "TP. Hồ Chí Minh": ("HCM", "HCMC", "TPHCM", "SG", "Sài Gòn", "Saigon"),
    "Hà Nội": ("HN", "TPHN", "HNI"),
    "Đà Nẵng": ("ĐN", "ĐNG"),
    "Hải Phòng": ("HP", "HPG"),
    "Cần Thơ": ("CT", "CTO"),
    "Đắk Lắk": ("Đắc Lắc", "Đak Lak", "Darlac"),
    "Đắk Nông": ("Đắc Nông",),
    "Bắc Kạn": ("Bắc Cạn",),
    "Bà Rịa – Vũng Tàu": ("BRVT", "Vũng Tàu", "Bà Rịa", "VT"),
    "Thừa Thiên Huế": ("TTHuế", "TTH", "Thừa Thiên"),
    "Kon Tum": ("Công Tum",),
}

_KIND = re.compile(r"(?:tinh|thanhpho|tp|province|city)?(.+?)(?:province|city)?(?:vietnam)?")

PROVINCES: tuple[Province, ...] = tuple(Province(code, name) for code, name, _ in _UNITS)
"""The 34 units in force, by code."""


def _known_names() -> dict[str, tuple[Province, str | None]]:
    """key -> the unit in force, and the old name when the key belongs to one."""
    known: dict[str, tuple[Province, str | None]] = {}
    for unit, (_, name, old_names) in zip(PROVINCES, _UNITS, strict=True):
        for old in (None, *old_names):
            for spelling in (old or name, *_SHORT_FORMS.get(old or name, ())):
                known[_key(spelling)] = (unit, old)
    return known


def _key(text: str) -> str:
    match = _KIND.fullmatch(heading_key(text))
    return match[1] if match else ""


_KNOWN = _known_names()


def province(value: object, notes: list[Note] | None = None) -> Province | None:
    """The unit in force that the text names; store its `name`. Never a Refusal for a name.

    Tỉnh, Thành phố, TP. and common short forms (TPHCM, HN) are understood; case, accents and
    punctuation do not matter. A name of before July 2025 gives the unit it became part of and
    Note("old_province", value, old, new): the caller keeps the cell's text in the address. A
    text that names none gives None and Note("unknown_province", value): the caller puts it
    into the address. None without a note means a blank.
    """
    if isinstance(value, Province):
        return value
    raw = collapse(cell_text(value))
    if not raw:
        return None
    unit, old = _KNOWN.get(_key(raw) if len(raw) <= _LONGEST else "", (None, None))
    if unit is None:
        note(notes, "unknown_province", raw)
    elif old is not None:
        note(notes, "old_province", raw, old=old, new=unit.name)
    return unit
