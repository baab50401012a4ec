"""Provinces: 34 units in force, 63 names of before, and how people write them."""

import unicodedata

import pytest

from crmadmin.core.text import PROVINCES, Note, Province, province

# Resolution 202/2025/QH15: the unit in force, and what it was made of.
MERGED = {
    "Tuyên Quang": ("Hà Giang", "Tuyên Quang"),
    "Lào Cai": ("Yên Bái", "Lào Cai"),
    "Thái Nguyên": ("Bắc Kạn", "Thái Nguyên"),
    "Phú Thọ": ("Vĩnh Phúc", "Hòa Bình", "Phú Thọ"),
    "Bắc Ninh": ("Bắc Giang", "Bắc Ninh"),
    "Hưng Yên": ("Thái Bình", "Hưng Yên"),
    "Hải Phòng": ("Hải Dương", "Hải Phòng"),
    "Ninh Bình": ("Hà Nam", "Nam Định", "Ninh Bình"),
    "Quảng Trị": ("Quảng Bình", "Quảng Trị"),
    "Đà Nẵng": ("Quảng Nam", "Đà Nẵng"),
    "Quảng Ngãi": ("Kon Tum", "Quảng Ngãi"),
    "Gia Lai": ("Bình Định", "Gia Lai"),
    "Khánh Hòa": ("Ninh Thuận", "Khánh Hòa"),
    "Lâm Đồng": ("Đắk Nông", "Bình Thuận", "Lâm Đồng"),
    "Đắk Lắk": ("Phú Yên", "Đắk Lắk"),
    "TP. Hồ Chí Minh": ("Bình Dương", "Bà Rịa – Vũng Tàu", "TP. Hồ Chí Minh"),
    "Đồng Nai": ("Bình Phước", "Đồng Nai"),
    "Tây Ninh": ("Long An", "Tây Ninh"),
    "Cần Thơ": ("Sóc Trăng", "Hậu Giang", "Cần Thơ"),
    "Vĩnh Long": ("Bến Tre", "Trà Vinh", "Vĩnh Long"),
    "Đồng Tháp": ("Tiền Giang", "Đồng Tháp"),
    "Cà Mau": ("Bạc Liêu", "Cà Mau"),
    "An Giang": ("Kiên Giang", "An Giang"),
    "Huế": ("Thừa Thiên Huế",),
}
UNCHANGED = (
    "Hà Nội",
    "Lai Châu",
    "Điện Biên",
    "Sơn La",
    "Lạng Sơn",
    "Quảng Ninh",
    "Thanh Hóa",
    "Nghệ An",
    "Hà Tĩnh",
    "Cao Bằng",
)
FORMER = [(old, new) for new, olds in MERGED.items() for old in olds]
FORMER += [(name, name) for name in UNCHANGED]


def test_there_are_34_units_with_their_own_codes():
    assert sorted(p.name for p in PROVINCES) == sorted({*MERGED, *UNCHANGED})
    assert len({p.code for p in PROVINCES}) == len(PROVINCES) == 34
    assert all(len(p.code) == 2 and p.code.isdecimal() for p in PROVINCES)


def test_the_table_of_this_test_has_the_63_former_names():
    assert len({old for old, _ in FORMER}) == 63


@pytest.mark.parametrize("unit", PROVINCES, ids=str)
def test_a_unit_in_force_is_itself_without_a_note(unit):
    notes: list[Note] = []
    assert province(unit.name, notes) == unit
    assert province(unit, notes) is unit
    assert str(unit) == unit.name
    assert notes == []


@pytest.mark.parametrize(("old", "new"), FORMER)
@pytest.mark.parametrize(
    "shape",
    [
        "{}",
        "Tỉnh {}",
        "tỉnh {}",
        "Thành phố {}",
        "TP. {}",
        "TP {}",
        "tp.{}",
        " {} ",
        "{}, Việt Nam",
    ],
)
def test_every_former_name_gives_its_new_unit(shape, old, new):
    typed = shape.format(old.removeprefix("TP. "))
    notes: list[Note] = []
    found = province(typed, notes)
    assert found is not None
    assert found.name == new
    expected = [] if old == new else [("old_province", old, new)]
    assert [(n.code, n.params["old"], n.params["new"]) for n in notes] == expected


@pytest.mark.parametrize(("old", "new"), FORMER)
def test_case_accents_and_unicode_form_do_not_matter(old, new):
    for typed in (old.upper(), old.lower(), unicodedata.normalize("NFD", old)):
        assert str(province(typed)) == new
    plain = unicodedata.normalize("NFD", old.replace("Đ", "D")).encode("ascii", "ignore").decode()
    assert str(province(plain)) == new


@pytest.mark.parametrize(
    ("typed", "new"),
    [
        ("TPHCM", "TP. Hồ Chí Minh"),
        ("TP.HCM", "TP. Hồ Chí Minh"),
        ("TP HCM", "TP. Hồ Chí Minh"),
        ("HCM", "TP. Hồ Chí Minh"),
        ("Hồ Chí Minh", "TP. Hồ Chí Minh"),
        ("Thành phố Hồ Chí Minh", "TP. Hồ Chí Minh"),
        ("Ho Chi Minh City", "TP. Hồ Chí Minh"),
        ("HCMC", "TP. Hồ Chí Minh"),
        ("Sài Gòn", "TP. Hồ Chí Minh"),
        ("SG", "TP. Hồ Chí Minh"),
        ("HN", "Hà Nội"),
        ("Hanoi", "Hà Nội"),
        ("TPHN", "Hà Nội"),
        ("ĐN", "Đà Nẵng"),
        ("Danang City", "Đà Nẵng"),
        ("HP", "Hải Phòng"),
        ("CT", "Cần Thơ"),
        ("Thành phố Huế", "Huế"),
        ("Đắc Lắc", "Đắk Lắk"),
        ("Daklak", "Đắk Lắk"),
        ("Thanh Hoá", "Thanh Hóa"),
        ("Quang Ninh Province", "Quảng Ninh"),
    ],
)
def test_common_short_forms_are_known(typed, new):
    notes: list[Note] = []
    assert str(province(typed, notes)) == new
    assert notes == []


@pytest.mark.parametrize(
    ("typed", "old", "new"),
    [
        ("BR-VT", "Bà Rịa – Vũng Tàu", "TP. Hồ Chí Minh"),
        ("BRVT", "Bà Rịa – Vũng Tàu", "TP. Hồ Chí Minh"),
        ("Vũng Tàu", "Bà Rịa – Vũng Tàu", "TP. Hồ Chí Minh"),
        ("Bà Rịa - Vũng Tàu", "Bà Rịa – Vũng Tàu", "TP. Hồ Chí Minh"),
        ("TT Huế", "Thừa Thiên Huế", "Huế"),
        ("Thừa Thiên - Huế", "Thừa Thiên Huế", "Huế"),
        ("Kontum", "Kon Tum", "Quảng Ngãi"),
        ("Bắc Cạn", "Bắc Kạn", "Thái Nguyên"),
        ("Hoà Bình", "Hòa Bình", "Phú Thọ"),
    ],
)
def test_a_short_form_of_a_former_name_keeps_what_was_typed(typed, old, new):
    notes: list[Note] = []
    assert str(province(typed, notes)) == new
    assert notes == [Note("old_province", {"value": typed, "old": old, "new": new})]


@pytest.mark.parametrize("typed", ["xyz", "Tỉnh", "TP.", "QN", "12", 12.0, True, "Hà", "?" * 500])
def test_an_unknown_name_gives_nothing_and_a_warning(typed):
    notes: list[Note] = []
    assert province(typed, notes) is None
    assert [note.code for note in notes] == ["unknown_province"]


@pytest.mark.parametrize("blank", [None, "", " \u00a0"])
def test_a_blank_gives_nothing_and_no_warning(blank):
    notes: list[Note] = []
    assert province(blank, notes) is None
    assert notes == []


def test_a_unit_cannot_be_changed():
    with pytest.raises(AttributeError):
        PROVINCES[0].name = "x"
    assert Province("01", "Hà Nội") == PROVINCES[0]
