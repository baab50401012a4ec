"""The ranges of sort keys in which names with a beginning stand."""

from __future__ import annotations

from itertools import pairwise

from crmadmin.core.text import fold, sort_key, sort_ranges


def test_every_name_that_begins_so_stands_in_a_range_and_ranges_are_in_order() -> None:
    names = ["Do", "Dô Vũ", "Đỗ", "Đơn", "Dở", "Nguyễn Văn An", "Nguyên Vân", "Công ty 3", "co ngo"]
    for begun in ("d", "do", "nguyen", "nguyen van", "cong ty", "co", "12", "nguyen thi hong hanh"):
        ranges = sort_ranges(begun)
        assert ranges == sorted(ranges)
        assert all(last <= first for (_a, last), (first, _b) in pairwise(ranges))
        for name in names:
            if fold(name).startswith(begun):
                assert any(first <= sort_key(name) < last for first, last in ranges), (begun, name)
    assert len(sort_ranges("duo" * 30)) <= 48
