"""What the result page of an import says about its rows."""

from __future__ import annotations

from person import Person

SCRIPT = """
    return [...document.querySelectorAll('[aria-labelledby=ledger-h] :is(tbody, tfoot) tr')].map(
        (row) => [row.cells[0].innerText.trim(), row.cells[1].innerText.replace(/\\D/g, '')]);
"""


def ledger(person: Person) -> dict[str, int]:
    """The words of each result → its rows; "Tổng" is what they have to come to."""
    person.find("Kết quả nhập", "heading")
    return {name: int(count) for name, count in person.driver.execute_script(SCRIPT)}
