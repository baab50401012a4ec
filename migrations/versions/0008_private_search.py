"""private search: what some roles see masked leaves the text that everybody searches.

Address and tax code of customers are sensitive (of persons, and personal IDs): they move from
search_text to search_private, and the index over both is made anew.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from crmadmin.core import search
from crmadmin.core.text import fold

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

BLOCK = 10_000
LINE = ' \n '
"""Between two fields of a search text; the whole has a blank before and after it."""


def upgrade() -> None:
    _move('search_text', 'search_private')


def downgrade() -> None:
    _move('search_private', 'search_text')


def _move(source: str, target: str) -> None:
    """Take tax code and address from one search text to the other, of some thousand customers at a time.

    The other lines stay as they are: a field of somebody's own may be among them.
    """
    connection, last = op.get_bind(), 0
    some = sa.text(
        f'SELECT id, code, name, phone, email, tax_code, address, {source} AS source, {target} AS target FROM customer'
        ' WHERE id > :last AND (address IS NOT NULL OR tax_code IS NOT NULL) ORDER BY id LIMIT :most'
    )
    while rows := connection.execute(some, {'last': last, 'most': BLOCK}).all():
        made = [_moved(row) for row in rows]
        _write(connection, source, target, [(row.id, *texts) for row, texts in zip(rows, made)])
        last = rows[-1].id
    if last:
        # The documents themselves: what was written above waits for the index, a million times over.
        for documents in search.declared():
            if documents.name == 'customer_search':
                search.rebuild(connection, documents)


def _moved(row: Any) -> tuple[str, str]:
    """The two texts of a customer, without and with the lines that move."""
    own = [row.code, row.name, row.phone, row.email, row.phone and f'0{row.phone[3:]}']
    stays = {fold(value) for value in own if value}
    moves = [fold(value) for value in (row.tax_code, row.address) if value]
    kept = [line for line in _lines(row.source) if line not in moves or line in stays]
    return _text(kept), _text([*_lines(row.target), *moves])


def _lines(text: str) -> list[str]:
    return text.strip().split(LINE) if text.strip() else []


def _text(lines: list[str]) -> str:
    joined = LINE.join(line for line in dict.fromkeys(lines) if line)
    return f' {joined} ' if joined else ''


def _write(connection: Any, source: str, target: str, rows: list[tuple[int, str, str]]) -> None:
    if connection.dialect.name == 'sqlite':
        connection.execute(
            sa.text(f'UPDATE customer SET {source} = :source, {target} = :target WHERE id = :id'),
            [dict(zip(('id', 'source', 'target'), row)) for row in rows],
        )
        return
    ids, sources, targets = zip(*rows)
    connection.execute(
        sa.text(
            f'UPDATE customer SET {source} = made.source, {target} = made.target'
            ' FROM unnest(CAST(:ids AS integer[]), CAST(:sources AS text[]), CAST(:targets AS text[]))'
            ' AS made (id, source, target) WHERE customer.id = made.id'
        ),
        {'ids': list(ids), 'sources': list(sources), 'targets': list(targets)},
    )
