"""search: an index over customers and their contacts, and the indexes that lists walk.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from crmadmin.core.text import fold

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

SEARCHED = (
    'customer', 'customer_group', 'collaborator', 'collaborator_group', 'company_size', 'customer_source',
    'customer_status', 'customer_tier', 'customer_type', 'industry', 'sales_channel', 'sales_group', 'user',
)
PRIVATE = ('customer', 'collaborator', 'user')


def upgrade() -> None:
    op.create_table('customer_search_pending',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_search_pending'))
    )
    with op.batch_alter_table('customer_search_pending', schema=None) as batch_op:
        batch_op.create_index('ix_customer_search_pending_record', ['record_id'], unique=False)

    with op.batch_alter_table('collaborator', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_collaborator_group_id'))
        batch_op.create_index('ix_collaborator_group_id', ['group_id', 'id'], unique=False)
        batch_op.create_index('ix_collaborator_created_at', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_collaborator_is_active', ['is_active', 'id'], unique=False)
        batch_op.create_index('ix_collaborator_phone', ['phone', 'id'], unique=False)
        batch_op.create_index('ix_collaborator_updated_at', ['updated_at', 'id'], unique=False)

    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.add_column(sa.Column('search_text', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('search_private', sa.Text(), nullable=True))
        batch_op.drop_index('ix_contact_name_key')
        batch_op.drop_index('ix_contact_email_key')
    _fold_contacts()
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.alter_column('search_text', existing_type=sa.Text(), nullable=False)
        batch_op.alter_column('search_private', existing_type=sa.Text(), nullable=False)
    _part_words()

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_customer_channel_id'))
        batch_op.create_index('ix_customer_channel_id', ['channel_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_collaborator_id'))
        batch_op.create_index('ix_customer_collaborator_id', ['collaborator_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_company_size_id'))
        batch_op.create_index('ix_customer_company_size_id', ['company_size_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_customer_type_id'))
        batch_op.create_index('ix_customer_customer_type_id', ['customer_type_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_industry_id'))
        batch_op.create_index('ix_customer_industry_id', ['industry_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_owner_id'))
        batch_op.create_index('ix_customer_owner_id', ['owner_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_sales_group_id'))
        batch_op.create_index('ix_customer_sales_group_id', ['sales_group_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_source_id'))
        batch_op.create_index('ix_customer_source_id', ['source_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_status_id'))
        batch_op.create_index('ix_customer_status_id', ['status_id', 'id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_customer_tier_id'))
        batch_op.create_index('ix_customer_tier_id', ['tier_id', 'id'], unique=False)
        batch_op.create_index('ix_customer_created_at', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_customer_do_not_contact', ['do_not_contact', 'id'], unique=False)
        batch_op.create_index('ix_customer_kind', ['kind', 'id'], unique=False)
        batch_op.create_index('ix_customer_phone', ['phone', 'id'], unique=False)
        batch_op.create_index('ix_customer_province', ['province', 'id'], unique=False)
        batch_op.create_index('ix_customer_tax_code', ['tax_code'], unique=False)
        batch_op.create_index('ix_customer_updated_at', ['updated_at', 'id'], unique=False)

    _create_documents()


def _fold_contacts() -> None:
    """Contacts that are there already get their search texts, some thousand at a time."""
    connection, last = op.get_bind(), 0
    some = sa.text('SELECT id, name, phone, email FROM contact WHERE id > :last ORDER BY id LIMIT 10000')
    while rows := connection.execute(some, {'last': last}).all():
        connection.execute(
            sa.text('UPDATE contact SET search_text = :public, search_private = :private WHERE id = :id'),
            [
                {'id': row.id, 'public': _document(row.name), 'private': _document(row.phone, row.email)}
                for row in rows
            ],
        )
        last = rows[-1].id


def _document(*values: str | None) -> str:
    """Folded lines with a blank around every word; a number also as it is dialled at home."""
    parts = [value for value in values if value]
    parts += [f'0{value[3:]}' for value in parts if value.startswith('+84')]
    lines = ' \n '.join(dict.fromkeys(map(fold, parts)))
    return f' {lines} ' if lines else ''


def _part_words() -> None:
    """Search texts that are there already get the blanks around their words."""
    newline = 'char(10)' if op.get_bind().dialect.name == 'sqlite' else 'chr(10)'
    for table in SEARCHED:
        for column in ('search_text', 'search_private') if table in PRIVATE else ('search_text',):
            parted = f"' ' || replace({column}, {newline}, ' ' || {newline} || ' ') || ' '"
            op.execute(f'UPDATE "{table}" SET {column} = {parted} WHERE {column} <> \'\'')


def _create_documents() -> None:
    """The index itself: FTS5 on SQLite, trigrams on PostgreSQL; in both kept right by triggers."""
    is_sqlite = op.get_bind().dialect.name == 'sqlite'
    if is_sqlite:
        op.execute("CREATE VIRTUAL TABLE customer_search USING fts5(public, private, tokenize='trigram')")
    else:
        op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
        op.execute('CREATE TABLE customer_search (rowid integer PRIMARY KEY, public text NOT NULL, private text NOT NULL)')
    joined = 'group_concat' if is_sqlite else 'string_agg'
    public, private = (
        f"r.{column} || coalesce((SELECT {joined}(' ' || p.{column}, '') FROM contact p WHERE p.customer_id = r.id), '')"
        for column in ('search_text', 'search_private')
    )
    op.execute(f'INSERT INTO customer_search (rowid, public, private) SELECT r.id, {public}, {private} FROM customer r')
    if not is_sqlite:
        for column in ('public', 'private'):
            op.execute(f'CREATE INDEX ix_customer_search_{column} ON customer_search USING gin ({column} gin_trgm_ops)')
    for statement in _sqlite_triggers() if is_sqlite else _postgresql_triggers():
        op.execute(statement)


TEXTS = ('search_text', 'search_private')
SOURCES = (('customer', 'id'), ('contact', 'customer_id'))


def _sqlite_triggers() -> Iterator[str]:
    for table, key in SOURCES:
        def note(row: str, key: str = key) -> str:
            return f'INSERT INTO customer_search_pending (record_id) VALUES ({row}.{key});'

        changed = ' OR '.join(f'old.{c} IS NOT new.{c}' for c in (*TEXTS, key))
        name = f'customer_search_{table}'
        yield f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {note('new')} END"
        yield (
            f"CREATE TRIGGER {name}_update AFTER UPDATE OF {', '.join(TEXTS)}, {key} ON {table}"
            f" WHEN {changed} BEGIN {note('new')} {note('old')} END"
        )
        yield f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {note('old')} END"


def _postgresql_triggers() -> Iterator[str]:
    for table, key in SOURCES:
        changed = ' OR '.join(f's.{c} IS DISTINCT FROM f.{c}' for c in (*TEXTS, key))
        for event, rows, named in (
            ('INSERT', f'SELECT {key} FROM fresh', 'NEW TABLE AS fresh'),
            (
                'UPDATE',
                f'SELECT unnest(ARRAY[f.{key}, s.{key}]) FROM fresh f JOIN stale s ON s.id = f.id WHERE {changed}',
                'NEW TABLE AS fresh OLD TABLE AS stale',
            ),
            ('DELETE', f'SELECT {key} FROM stale', 'OLD TABLE AS stale'),
        ):
            name = f'customer_search_{table}_{event.lower()}'
            yield (
                f'CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN'
                f' INSERT INTO customer_search_pending (record_id) SELECT DISTINCT * FROM ({rows}) r;'
                ' RETURN NULL; END $$'
            )
            yield (
                f'CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {named}'
                f' FOR EACH STATEMENT EXECUTE FUNCTION {name}()'
            )


def _drop_documents() -> None:
    is_sqlite = op.get_bind().dialect.name == 'sqlite'
    for table, _key in SOURCES:
        for event in ('insert', 'update', 'delete'):
            name = f'customer_search_{table}_{event}'
            op.execute(f'DROP TRIGGER {name}' if is_sqlite else f'DROP FUNCTION {name}() CASCADE')
    op.execute('DROP TABLE customer_search')


def downgrade() -> None:
    _drop_documents()
    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.drop_index('ix_customer_updated_at')
        batch_op.drop_index('ix_customer_tax_code')
        batch_op.drop_index('ix_customer_province')
        batch_op.drop_index('ix_customer_phone')
        batch_op.drop_index('ix_customer_kind')
        batch_op.drop_index('ix_customer_do_not_contact')
        batch_op.drop_index('ix_customer_created_at')
        batch_op.drop_index('ix_customer_tier_id')
        batch_op.create_index(batch_op.f('ix_customer_tier_id'), ['tier_id'], unique=False)
        batch_op.drop_index('ix_customer_status_id')
        batch_op.create_index(batch_op.f('ix_customer_status_id'), ['status_id'], unique=False)
        batch_op.drop_index('ix_customer_source_id')
        batch_op.create_index(batch_op.f('ix_customer_source_id'), ['source_id'], unique=False)
        batch_op.drop_index('ix_customer_sales_group_id')
        batch_op.create_index(batch_op.f('ix_customer_sales_group_id'), ['sales_group_id'], unique=False)
        batch_op.drop_index('ix_customer_owner_id')
        batch_op.create_index(batch_op.f('ix_customer_owner_id'), ['owner_id'], unique=False)
        batch_op.drop_index('ix_customer_industry_id')
        batch_op.create_index(batch_op.f('ix_customer_industry_id'), ['industry_id'], unique=False)
        batch_op.drop_index('ix_customer_customer_type_id')
        batch_op.create_index(batch_op.f('ix_customer_customer_type_id'), ['customer_type_id'], unique=False)
        batch_op.drop_index('ix_customer_company_size_id')
        batch_op.create_index(batch_op.f('ix_customer_company_size_id'), ['company_size_id'], unique=False)
        batch_op.drop_index('ix_customer_collaborator_id')
        batch_op.create_index(batch_op.f('ix_customer_collaborator_id'), ['collaborator_id'], unique=False)
        batch_op.drop_index('ix_customer_channel_id')
        batch_op.create_index(batch_op.f('ix_customer_channel_id'), ['channel_id'], unique=False)

    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index('ix_contact_email_key', ['email_key'], unique=False)
        batch_op.create_index('ix_contact_name_key', ['name_key'], unique=False)
        batch_op.drop_column('search_private')
        batch_op.drop_column('search_text')

    with op.batch_alter_table('collaborator', schema=None) as batch_op:
        batch_op.drop_index('ix_collaborator_updated_at')
        batch_op.drop_index('ix_collaborator_phone')
        batch_op.drop_index('ix_collaborator_is_active')
        batch_op.drop_index('ix_collaborator_created_at')
        batch_op.drop_index('ix_collaborator_group_id')
        batch_op.create_index(batch_op.f('ix_collaborator_group_id'), ['group_id'], unique=False)

    with op.batch_alter_table('customer_search_pending', schema=None) as batch_op:
        batch_op.drop_index('ix_customer_search_pending_record')

    op.drop_table('customer_search_pending')
