"""acts on many records: what they were about, and what was there before.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'bulk_act',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('target', sa.String(length=64), nullable=False),
        sa.Column('params', sa.JSON(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('picked', sa.Integer(), nullable=False),
        sa.Column('written', sa.Integer(), nullable=False),
        sa.Column('left', sa.Integer(), nullable=False),
        sa.Column('back', sa.Integer(), nullable=False),
        sa.Column('stayed', sa.Integer(), nullable=False),
        sa.Column('undone_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['undone_by_id'], ['user.id'], name=op.f('fk_bulk_act_undone_by_id'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_bulk_act_user_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_act')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_bulk_act_created_at'), 'bulk_act', ['created_at'], unique=False)
    op.create_index('ix_bulk_act_user', 'bulk_act', ['user_id', 'id'], unique=False)
    op.create_table(
        'bulk_row',
        sa.Column('act_id', sa.Integer(), nullable=False),
        sa.Column('target', sa.String(length=64), nullable=False),
        sa.Column('record_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('other_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('version', sa.Integer(), nullable=True),
        sa.Column('fate', sa.String(length=8), nullable=False),
        sa.Column('how', sa.String(length=8), nullable=True),
        sa.Column('label', sa.String(length=300), nullable=False),
        sa.Column('before', sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(['act_id'], ['bulk_act.id'], name=op.f('fk_bulk_row_act_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('act_id', 'target', 'record_id', 'other_id', name=op.f('pk_bulk_row')),
    )
    op.create_index('ix_bulk_row_record', 'bulk_row', ['record_id', 'target'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_bulk_row_record', table_name='bulk_row')
    op.drop_table('bulk_row')
    op.drop_index('ix_bulk_act_user', table_name='bulk_act')
    op.drop_index(op.f('ix_bulk_act_created_at'), table_name='bulk_act')
    op.drop_table('bulk_act')
