"""Text, long text, codes, yes/no, whole numbers, websites, and cells as text."""

import datetime as dt
import unicodedata

import pytest

from crmadmin.core.text import (
    Note,
    Refusal,
    cell_text,
    code,
    long_text,
    shorten,
    text,
    website,
    whole_number,
    yes_no,
)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ""),
        ("  a ", "  a "),
        (912345678.0, "912345678"),
        (1e22, "10000000000000000000000"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (-2.5, "-2.5"),
        (12, "12"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(1992, 8, 9), "09/08/1992"),
        (dt.date(7, 8, 9), "09/08/0007"),
        (dt.datetime(1992, 8, 9, 0, 0), "09/08/1992"),  # noqa: DTZ001 - Excel knows no zones
        (dt.datetime(1992, 8, 9, 14, 5), "09/08/1992 14:05"),  # noqa: DTZ001 - see above
        (dt.time(7, 5), "07:05"),
        (dt.time(7, 5, 9), "07:05:09"),
    ],
)
def test_a_cell_reads_as_it_is_shown(cell, shown):
    assert cell_text(cell) == shown


@pytest.mark.parametrize("cell", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_no_sheet_shows_is_a_cell_error(cell):
    with pytest.raises(Refusal) as caught:
        text(cell)
    assert caught.value.code == "cell_error"


def test_an_integer_too_long_to_print_is_refused():
    with pytest.raises(Refusal) as caught:
        text(10**5000)
    assert (caught.value.code, caught.value.params["reason"]) == ("bad_number", "too_large")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (None, None),
        ("", None),
        (" \t\n\u00a0\u200b\ufeff", None),
        ("  Công ty  TNHH ", "Công ty TNHH"),
        ("Công\u00a0ty\u202fTNHH\u3000A", "Công ty TNHH A"),
        ("Khoảng\u200b Trắng", "Khoảng Trắng"),
        ("Nguy\u200bễn", "Nguyễn"),
        ("một\ndòng\r\nthôi", "một dòng thôi"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("\u202eevil\u2066", "evil"),
        ("a\ud800b", "ab"),
        ("a\u3164b", "a b"),
        (unicodedata.normalize("NFD", "Đặng Thị Hường"), "Đặng Thị Hường"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("100%_\\", "100%_\\"),
        (1001.0, "1001"),
        (True, "TRUE"),
    ],
)
def test_text_is_composed_trimmed_and_has_single_blanks(typed, stored):
    assert text(typed) == stored
    assert code(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" một \r\n  hai   ba\rbốn ", "một\nhai ba\nbốn"),
        ("\n\n a\n\nb \n\n", "a\n\nb"),
        ("a\u2028b\x85c", "a\nb\nc"),
        (" \n \r\n", None),
        (5.0, "5"),
    ],
)
def test_long_text_keeps_its_lines(typed, stored):
    assert long_text(typed) == stored


LEGACY = [
    "Nguyeãn Vaên An",
    "Coâng ty TNHH Minh Phaùt",
    "Traàn Thò Bích Haïnh",
    "Leâ Vaên Ñöùc",
    "Phaïm",
    "Ñaø Naüng",
    "C«ng ty",
    "NguyÔn V¨n An",
    "TrÇn ThÞ Hµ",
    "Hµ Néi",
    "Lª §øc Minh",
    "§Æng",
    "®¹i lý",
    "L©m §ång",
]


@pytest.mark.parametrize("typed", LEGACY)
@pytest.mark.parametrize("normalise", [text, long_text])
def test_vni_and_tcvn3_text_is_kept_with_a_warning(normalise, typed):
    notes: list[Note] = []
    assert normalise(typed, notes) == typed
    assert notes == [Note("legacy_encoding", {"value": typed})]


@pytest.mark.parametrize(
    "typed",
    [
        "Thuý Hoà, Quý, khoẻ, hoả, loè, xoèn, uỷ, huơ, giúp, giùm, rượu, thuở, khuỷu",
        "Nguyễn Đặng Trần Lê Phạm Huỳnh Hoàng Phan Vũ Võ Bùi Đỗ Hồ Ngô Dương Lý",
        "CÔNG TY TNHH MỘT THÀNH VIÊN ĐÁ ỐP LÁT HOÀNG LONG",
        "Quảng Ngãi, Đắk Lắk, Bà Rịa – Vũng Tàu, Xoài Ở, Ôn Ồn Ống",
        "Hôtel Saïgon",
        "Israël",
        "Noël",
        "Hermès, L'Oréal, Nestlé, café, François",
        "Señor Muñoz",
        "København, Søren, Ærø",
        "Müller & Söhne",
        "Xbox®, ABC™ ©2026, 25 m², 5 µm, § 5, 3×4, «an»",
        "plain ascii",
        "VietÔ tô, iPhone",
    ],
)
def test_proper_text_gets_no_legacy_warning(typed):
    notes: list[Note] = []
    text(typed, notes)
    assert notes == []


RIMES = """a ă â e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia iê iu oa oă oe oi ôi ơi oo ua uâ
uê ui uô uơ uy ưa ưi ươ ưu yê iêu oai oao oay oeo uây uôi uya uyê uyu ươi ươu yêu"""


def test_no_vietnamese_syllable_looks_like_a_legacy_encoding():
    # The tone stands on the first vowel (mái), or on a later one (toán, hoá, Quý, giúp).
    after_glide = {"o", "u", "i", "y", "ư", "uy"}
    tones = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    ends = ("", "n", "nh", "ng", "m", "t", "ch", "c", "p")
    notes: list[Note] = []
    for rime in RIMES.split():
        places = [i for i in range(len(rime)) if i == 0 or rime[:i] in after_glide]
        for place in places:
            for tone in tones:
                toned = unicodedata.normalize("NFC", rime[: place + 1] + tone + rime[place + 1 :])
                for end in ends:
                    for word in (toned + end, "Th" + toned + end, "Đ" + toned + end, "GI" + toned):
                        text(word, notes)
                        text(word.upper(), notes)
    assert notes == []


@pytest.mark.parametrize("typed", ["Có", "có", "CO", "Đúng", "dung", "Yes", "TRUE", "1", "x", "X"])
def test_yes_words_are_true(typed):
    assert yes_no(typed) is True


@pytest.mark.parametrize("typed", ["Không", "khong", "Sai", "No", "false", "0", " KHÔNG "])
def test_no_words_are_false(typed):
    assert yes_no(typed) is False


@pytest.mark.parametrize(
    ("cell", "stored"),
    [(True, True), (False, False), (1, True), (1.0, True), (0, False), (0.0, False)],
)
def test_truth_values_and_numbers_are_yes_or_no(cell, stored):
    assert yes_no(cell) is stored


@pytest.mark.parametrize("blank", [None, "", "  ", "\u00a0"])
def test_a_blank_is_neither_yes_nor_no(blank):
    assert yes_no(blank) is None


@pytest.mark.parametrize("typed", ["có lẽ", "2", 2, -1, 0.5, "xx", "?", dt.date(2020, 1, 1)])
def test_any_other_word_is_no_yes_no(typed):
    with pytest.raises(Refusal) as caught:
        yes_no(typed)
    assert caught.value.code == "bad_yes_no"
    assert caught.value.params["value"] == cell_text(typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (None, None),
        (" ", None),
        (0, 0),
        (3.0, 3),
        ("12", 12),
        (" +7 ", 7),
        ("-5", -5),
        ("007", 7),
        ("12.0", 12),
        (2147483647, 2147483647),
    ],
)
def test_whole_numbers_are_read(typed, stored):
    assert whole_number(typed) == stored


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1.000", "not_whole"),
        ("1,5", "not_whole"),
        (1.5, "not_whole"),
        ("ba", "not_whole"),
        ("1 2", "not_whole"),
        ("²", "not_whole"),
        (True, "not_whole"),
        (float("nan"), "not_whole"),
        (dt.date(2020, 1, 1), "not_whole"),
        (2147483648, "too_large"),
        ("9" * 40, "too_large"),
        (1e300, "too_large"),
    ],
)
def test_what_is_no_whole_number_is_refused(typed, reason):
    with pytest.raises(Refusal) as caught:
        whole_number(typed)
    assert caught.value.code == "bad_number"
    assert caught.value.params["reason"] == reason


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (None, None),
        ("congty.vn", "https://congty.vn"),
        (" WWW.CongTy.VN ", "https://www.congty.vn"),
        ("HTTP://CongTy.vn/A?b=C#d", "http://congty.vn/A?b=C#d"),
        ("https://congty.vn:8443/", "https://congty.vn:8443/"),
        ("facebook.com/congty.abc", "https://facebook.com/congty.abc"),
        ("công-ty.vn", "https://công-ty.vn"),
    ],
)
def test_websites_are_addresses_with_a_scheme(typed, stored):
    assert website(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "javascript://congty.vn/%0aalert(1)",
        "data:text/html,x",
        "ftp://congty.vn",
        "congty",
        "lan@congty.vn",
        "https://lan:x@congty.vn",
        "https://congty.vn/<script>",
        'https://congty.vn/"x',
        "https://",
        "http://http://congty.vn",
        "192.168.1.1",
        "-congty.vn",
        "cong ty.vn",
        "congty..vn",
        "không có",
        "congty.vn/" + "a" * 3000,
        5.0,
    ],
)
def test_what_cannot_be_linked_safely_is_no_website(typed):
    with pytest.raises(Refusal) as caught:
        website(typed)
    assert caught.value.code == "bad_website"


def test_a_shown_value_is_one_short_line():
    assert shorten(" a\n\x00b ") == "a b"
    assert len(shorten("x" * 10_000)) == 80
    assert shorten("x" * 81).endswith("…")
    assert shorten("x" * 80) == "x" * 80


def test_a_refusal_takes_parameters_as_a_mapping_or_by_name():
    refusal = Refusal("too_long", {"limit": "5"}, length="9")
    assert (refusal.code, refusal.params) == ("too_long", {"limit": "5", "length": "9"})
    assert isinstance(refusal, ValueError)
