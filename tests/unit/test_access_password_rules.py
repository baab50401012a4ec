"""Which passwords are accepted: long ones that nobody guesses first."""

from __future__ import annotations

import threading

import pytest

from crmadmin.access import password_rules
from crmadmin.access.messages import EXPLANATIONS
from crmadmin.access.passwords import LONGEST, SHORTEST
from crmadmin.core.text import Refusal

NAMES = ("mai.le", "lan.crm@hoasen.vn", "Lê Thị Mai", None)
COMPANY = ("Công ty Bình Minh", "ABCtech")


def code_of(password: str, *names: str | None, company: tuple[str, ...] = ()) -> str | None:
    try:
        password_rules.check(password, *names, company=company)
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("Ngắn quá!", "password_short"),
        ("x" * 201, "password_long"),
        # Seen to pass before there was a list.
        ("P@ssw0rd123", "password_common"),
        ("1q2w3e4r5t", "password_common"),
        ("Vietcombank1", "password_common"),
        # l33t, case, figures and marks around one word
        ("password123", "password_common"),
        ("P@ssword!2026", "password_common"),
        ("p4ssw0rd!!!!", "password_common"),
        ("Admin@123456", "password_common"),
        ("iloveyou2026", "password_common"),
        # Vietnamese habits, with and without accents, blanks and l33t
        ("Matkhau@2026", "password_common"),
        ("MậtKhẩu@2026", "password_common"),
        ("mật khẩu 2026", "password_common"),
        ("anh yêu em 123", "password_common"),
        ("mật khẩu của tôi", "password_common"),
        ("Chúc mừng năm mới", "password_common"),
        ("sinhnhat1990", "password_common"),
        ("trungkien99", "password_common"),
        ("Chào buổi sáng", "password_common"),
        ("Hanoi@2026!", "password_common"),
        ("Hà Nội 2026!", "password_common"),
        ("Vietnam@12345", "password_common"),
        ("Techcombank@2025", "password_common"),
        ("V1etc0mb@nk2026", "password_common"),
        ("Viettel#2026", "password_common"),
        ("nguyenvana1990", "password_common"),
        ("hoangsatruongsa", "password_common"),
        ("Congty@2026", "password_common"),
        ("crmadmin2026", "password_common"),
        # keys beside each other, sequences, repeats, dates, figures
        ("qwertyuiop[]", "password_common"),
        ("zaq12wsxcde3", "password_common"),
        ("abcdefghijklmnop", "password_common"),
        ("rstuvwxyzabc", "password_pattern"),
        ("!!!!!!!!!!!!", "password_pattern"),
        ("rtyrtyrtyrty", "password_pattern"),
        ("0912345678", "password_pattern"),
        ("0912 345 678", "password_pattern"),
        ("31/01/1992-31/01/1992", "password_pattern"),
        # one's own
        ("mai.le2026!", "password_is_name"),
        ("MAI.LE.1992", "password_is_name"),
        ("LêThịMai1992", "password_is_name"),
        ("thimai19920131", "password_is_name"),
        ("lan.crm-09128", "password_is_name"),
        ("lan.crm@hoasen.vn", "password_is_name"),
        ("hoasen@2026", "password_is_name"),
        # the company's
        ("BinhMinh@2026", "password_is_company"),
        ("bình minh 123", "password_is_company"),
        ("4BCtech2026", "password_is_company"),
    ],
)
def test_easy_passwords_are_refused_with_the_reason(password: str, code: str) -> None:
    assert code_of(password, *NAMES, company=COMPANY) == code


@pytest.mark.parametrize(
    "password",
    [
        "mưa rào trên phố",
        "correct horse battery",
        "một câu khác hẳn",
        "troi hom nay xanh qua",
        "xk9#Lm2@qT",
        "kqzvbwjhtx",
        "Vietcombank thì xa quá em ơi",
        "aaaaaaaaaaaaaaaa nhưng mà vẫn dài và khó đoán",
        "Lê Mai thích phở gà buổi sáng",
        "  hai blanks  ",
        "🦆🐘🍜🛵🌧🎋🧵🪁🐝🥭",
        "ắếộữịờũằẫơ",
    ],
)
def test_long_unusual_ones_pass_whatever_their_characters_are(password: str) -> None:
    assert code_of(password, *NAMES, company=COMPANY) is None


def test_each_of_a_list_of_thousands_is_refused() -> None:
    listed = [w for w in password_rules._lines("common_passwords.txt") if len(w) >= SHORTEST]
    assert len(listed) >= 3000
    assert [w for w in listed if code_of(w) is None] == []


def test_words_of_the_list_are_refused_in_every_case_and_with_figures_around() -> None:
    words = [w for w in password_rules._lines("common_words_vi.txt") if len(w) >= 6]
    assert len(words) > 100
    for word in words:
        for password in (f"{word}@2026", f"{word.title()}123456", f"1234567{word.upper()}"):
            assert code_of(password) is not None, password


def test_any_length_up_to_the_longest_is_taken_and_none_takes_long() -> None:
    assert LONGEST >= 64
    for text in ("mưa rào trên phố ", "4@8({[<369&#!1|l0$5+7%2"):
        assert code_of((text * 20)[:LONGEST]) is None


def test_what_one_person_is_called_is_not_kept_for_the_next() -> None:
    wrong: list[str] = []

    def choose(name: str, other: str) -> None:
        for _ in range(40):
            if code_of(f"{name}-20261130", name) != "password_is_name":
                wrong.append(name)
            if code_of(f"{other}-20261130", name) == "password_is_name":
                wrong.append(other)

    threads = [
        threading.Thread(target=choose, args=pair)
        for pair in (("quwyzork", "zzfrimble"), ("zzfrimble", "quwyzork"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_every_refusal_says_why_and_how_to_choose_better() -> None:
    codes = ("common", "pattern", "is_name", "is_company")
    for words in (str(EXPLANATIONS[f"password_{code}"]) for code in codes):
        assert "guessed first" in words
        assert "four words or more" in words
