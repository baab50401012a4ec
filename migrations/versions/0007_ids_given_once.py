"""ids given once: SQLite does not give the id of a deleted row to another one any more.

Nothing but two words of each table's statement changes. The tables are made anew from the statements
that SQLite keeps, so that indexes and triggers are to the letter what they were. PostgreSQL's
sequences have never gone back.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

KEY = re.compile(r'PRIMARY KEY \(("?)(\w+)\1\)')
NUMBERED = re.compile(r'PRIMARY KEY \(("?)(\w+)\1 AUTOINCREMENT\)')
"""Of a single column: SQLite has no AUTOINCREMENT for two."""
INLINE = re.compile(r'( PRIMARY KEY) AUTOINCREMENT')


def upgrade() -> None:
    if op.get_bind().dialect.name != 'sqlite':
        return
    for name, statement in _tables():
        if 'AUTOINCREMENT' not in statement and _has_number(name):
            _make_anew(name, KEY.sub(r'PRIMARY KEY (\1\2\1 AUTOINCREMENT)', statement))
    _go_on_from_what_is_remembered()


def downgrade() -> None:
    if op.get_bind().dialect.name != 'sqlite':
        return
    for name, statement in _tables():
        if 'AUTOINCREMENT' in statement:
            statement = NUMBERED.sub(r'PRIMARY KEY (\1\2\1)', statement)
            _make_anew(name, INLINE.sub(r'\1', statement))


def _tables() -> list[tuple[str, str]]:
    """Ours, and those that somebody added; not the search index, whose rows nobody names."""
    found = op.get_bind().execute(sa.text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE %'"
        " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE '%~_search~_%' ESCAPE '~'"
        " ORDER BY name"
    ))
    return [(name, sql) for name, sql in found]


def _has_number(name: str) -> bool:
    """Whether the key is one column of SQLite's own numbers."""
    columns = op.get_bind().exec_driver_sql(f'PRAGMA table_info("{name}")').all()
    keys = [column.type.upper() for column in columns if column.pk]
    return keys == ['INTEGER']


def _make_anew(name: str, statement: str) -> None:
    connection = op.get_bind()
    beside = connection.execute(
        sa.text('SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type <> :table AND sql IS NOT NULL'),
        {'name': name, 'table': 'table'},
    ).scalars().all()
    columns = connection.exec_driver_sql(f'PRAGMA table_info("{name}")').all()
    listed = ', '.join(f'"{column.name}"' for column in columns)
    new = f'_anew_{name}'
    connection.exec_driver_sql(re.sub(r'^CREATE TABLE ("?)\w+\1', f'CREATE TABLE "{new}"', statement))
    connection.exec_driver_sql(f'INSERT INTO "{new}" ({listed}) SELECT {listed} FROM "{name}"')
    connection.exec_driver_sql(f'DROP TABLE "{name}"')
    connection.exec_driver_sql(f'ALTER TABLE "{new}" RENAME TO "{name}"')
    for made in beside:
        connection.exec_driver_sql(made)


def _go_on_from_what_is_remembered() -> None:
    """Ids that were given and deleted before this are still known where others noted them."""
    remembered: dict[str, list[str]] = {
        'customer_group': ['SELECT max(group_id) FROM group_draft'],
        'import_batch': ["SELECT max(subject_id) FROM job WHERE task LIKE 'import.%'"],
    }
    for table in _named():
        kinds, model = _kinds(table), ''.join(part.capitalize() for part in table.split('_'))
        listed = ', '.join(f"'{kind}'" for kind in kinds)
        remembered.setdefault(table, []).extend([
            f"SELECT max(record_id) FROM import_change WHERE target = '{model}'",
            'SELECT max(r.record_id) FROM import_row r JOIN import_batch b ON b.id = r.batch_id'
            f' WHERE b.kind IN ({listed})',
        ])
    connection = op.get_bind()
    for table, questions in remembered.items():
        known = [connection.exec_driver_sql(question).scalar() or 0 for question in questions]
        there = connection.exec_driver_sql(f'SELECT max(id) FROM "{table}"').scalar() or 0
        last = max(there, *known)
        connection.exec_driver_sql(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")
        connection.exec_driver_sql(f"INSERT INTO sqlite_sequence VALUES ('{table}', {last})")


def _named() -> list[str]:
    """The tables of records that an import may have made: those with a name of their own."""
    return [name for name, statement in _tables() if 'AUTOINCREMENT' in statement and 'name_key' in statement or name == 'customer']


def _kinds(table: str) -> list[str]:
    """The kinds of import that fill a table."""
    if table == 'customer':
        return ['customers', 'customers-contacts', 'codes']
    word = table.replace('_', '-')
    if word.endswith('y'):
        return [f'{word[:-1]}ies']
    return [word + ('es' if word.endswith('s') else 's')]
