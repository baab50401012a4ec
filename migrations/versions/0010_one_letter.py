"""one letter: Ð (U+00D0) and Ɖ (U+0189) count as Đ, which nobody can tell from them.

What is searched, compared and sorted by is made anew where such a letter stands in it; what people
wrote stays. Two names that are one now keep what tells them apart, and are named: people rename or
merge them.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from alembic import op

from crmadmin.core import search

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

LETTERS = ('ð', 'ɖ')
KEPT_AS = {
    **dict.fromkeys(('search_text', 'search_private', 'name_text'), 'd'),
    **dict.fromkeys(('name_key', 'code_key', 'email_key', 'username_key'), 'đ'),
    'sort_key': 'G',  # the place of đ in the alphabet
}
"""Derived columns, of our own tables and of those that somebody added → what the letter becomes there."""
MANY = 20_000
"""Changed records from which on the search index is made anew: they would wait for it too long."""
NAMED = 10


def upgrade() -> None:
    connection = op.get_bind()
    look = sa.inspect(connection)
    changed: dict[str, int] = {}
    for table in sorted(look.get_table_names()):
        there = {column['name'] for column in look.get_columns(table)}
        if 'id' not in there or not there & KEPT_AS.keys():
            continue
        unique = _unique(look, table)
        for column in sorted(there & KEPT_AS.keys()):
            changed[table] = changed.get(table, 0) + _rewrite(connection, table, column, unique.get(column))
    for documents in search.declared():
        tables = {source.table for source in documents.sources}
        if sum(changed.get(table, 0) for table in tables) > MANY:
            search.rebuild(connection, documents)


def downgrade() -> None:
    """Nothing: what was one letter or the other is not known any more, and both are found by Đ."""


def _unique(look: Any, table: str) -> dict[str, tuple[str, ...]]:
    """Column → the columns with which it must be the only one."""
    rules = [c['column_names'] for c in look.get_unique_constraints(table)]
    rules += [i['column_names'] for i in look.get_indexes(table) if i['unique']]
    return {name: tuple(rule) for rule in rules for name in rule if name in KEPT_AS}


def _rewrite(connection: Any, table: str, column: str, unique: tuple[str, ...] | None) -> int:
    new = _new(f'r."{column}"', KEPT_AS[column])
    old = ' OR '.join(f'r."{column}" LIKE \'%{letter}%\'' for letter in LETTERS)
    alone = ''
    if unique:
        same = ' AND '.join(f'{_compared("o", name)} = {_compared("r", name)}' for name in unique)
        alone = f' AND NOT EXISTS (SELECT 1 FROM "{table}" o WHERE o.id <> r.id AND {same})'
    which = f'id IN (SELECT r.id FROM "{table}" r WHERE ({old}){alone})'
    value = _new(f'"{column}"', KEPT_AS[column])
    done = connection.execute(sa.text(f'UPDATE "{table}" SET "{column}" = {value} WHERE {which}'))
    if unique:
        _name_those_left(connection, table, column, old)
    return int(done.rowcount)


def _new(column: str, letter: str) -> str:
    for other in LETTERS:
        column = f"replace({column}, '{other}', '{letter}')"
    return column


def _compared(row: str, name: str) -> str:
    column = f'{row}."{name}"'
    return _new(column, KEPT_AS[name]) if name in KEPT_AS else column


def _name_those_left(connection: Any, table: str, column: str, old: str) -> None:
    left = connection.execute(
        sa.text(f'SELECT r.id, r."{column}" AS written FROM "{table}" r WHERE {old} ORDER BY r.id')
    ).all()
    if left:
        named = ', '.join(f'“{row.written}” (id {row.id})' for row in left[:NAMED])
        more = f' and {len(left) - NAMED} more' if len(left) > NAMED else ''
        click.echo(
            f'{table}: {len(left)} differ from another only by Ð or Ɖ for Đ: {named}{more}.'
            ' They stay as they are; rename or merge them.',
            err=True,
        )
