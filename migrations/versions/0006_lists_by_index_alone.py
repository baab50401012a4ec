"""lists by index alone: what customers are filtered by holds what their list is sorted by.

On SQLite only the days do: every other index would be written anew with every change of a customer.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

FILTERED = (
    'channel_id', 'collaborator_id', 'company_size_id', 'customer_type_id', 'do_not_contact', 'industry_id', 'kind',
    'owner_id', 'province', 'sales_group_id', 'source_id', 'status_id', 'tier_id',
)


def upgrade() -> None:
    _make_anew('created_at', ['created_at', 'id', 'updated_at'])
    if op.get_bind().dialect.name == 'postgresql':
        for column in FILTERED:
            _make_anew(column, [column, 'id'], ['updated_at'])


def downgrade() -> None:
    _make_anew('created_at', ['created_at', 'id'])
    if op.get_bind().dialect.name == 'postgresql':
        for column in FILTERED:
            _make_anew(column, [column, 'id'])


def _make_anew(column: str, columns: list[str], included: list[str] | None = None) -> None:
    name = f'ix_customer_{column}'
    op.drop_index(name, 'customer')
    op.create_index(name, 'customer', columns, postgresql_include=included)
