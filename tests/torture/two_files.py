"""Two files that are imported at the same time: what stands in each row, and what it overwrites."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openpyxl import Workbook

ROWS = 12_000
"""Rows of each file; the last one is blank."""
OLD = 600
"""Customers that are there before: both files overwrite the first 200, one each of the others the
next 200, nobody the last 200."""
INDUSTRIES = 40
"""Catalog values that both files name and neither finds."""


@dataclass(frozen=True)
class File:
    """One of the two files: its codes, the column that only it has, the customers it overwrites."""

    mark: str
    person: str
    column: str
    old: tuple[range, ...]
    value: Callable[[int], str]
    bad: str

    @property
    def group(self) -> str:
        return f"Khách của {self.person}"

    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Code, name, the value of the column, industry, contact; the last row is blank."""
        over = [n for part in self.old for n in part]
        for n in range(ROWS - 1):
            code = "" if n % 3 == 0 else f"{self.mark}{n:05d}"
            name = f"Công ty {self.mark} {n}"
            if n % 25 == 7 and over:
                old = over.pop(0)
                code, name = f"CU{old:04d}", f"Khách cũ {old}"
            value = self.bad if self.is_bad(n) else self.value(n)
            yield code, name, value, f"Lĩnh vực {n % INDUSTRIES}", f"Người {self.mark} {n}"
        yield "", "", "", "", ""

    @staticmethod
    def is_bad(n: int) -> bool:
        return n % 100 == 99

    def workbook(self) -> bytes:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Khách hàng")
        sheet.append(("Mã khách hàng", "Tên khách hàng", self.column, "Lĩnh vực", "Người liên hệ"))
        for row in self.rows():
            sheet.append(row)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


PHONES = File(
    "PA", "binh", "Điện thoại", (range(200), range(200, 300)), lambda n: f"09{n:08d}", "không có"
)
EMAILS = File(
    "PB", "an", "Email", (range(200), range(300, 400)), lambda n: f"k{n}@example.com", "lan@"
)
FILES = (PHONES, EMAILS)
