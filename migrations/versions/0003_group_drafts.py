"""group drafts.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crmadmin.core.text import fold

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('group_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('base_version', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('filter', sa.Text(), nullable=True),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('removed', sa.Integer(), nullable=False),
    sa.Column('counted_version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('saved_version', sa.Integer(), nullable=True),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_group_draft_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_draft'))
    )
    with op.batch_alter_table('group_draft', schema=None) as batch_op:
        batch_op.create_index('ix_group_draft_history', ['group_id', 'saved_version'], unique=False)
        batch_op.create_index('uq_group_draft_open', ['user_id', 'group_id'], unique=True, sqlite_where=sa.text('saved_at IS NULL'), postgresql_where=sa.text('saved_at IS NULL'))

    op.create_table('group_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('adds', sa.Boolean(), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['group_draft.id'], name=op.f('fk_group_step_draft_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_step'))
    )
    with op.batch_alter_table('group_step', schema=None) as batch_op:
        batch_op.create_index('ix_group_step_draft', ['draft_id'], unique=False)

    op.create_table('group_change',
    sa.Column('step_id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_group_change_customer_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['step_id'], ['group_step.id'], name=op.f('fk_group_change_step_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('step_id', 'customer_id', name=op.f('pk_group_change'))
    )
    with op.batch_alter_table('group_change', schema=None) as batch_op:
        batch_op.create_index('ix_group_change_customer', ['customer_id', 'step_id'], unique=False)

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name_text', sa.String(length=510), nullable=True))
    _fold_names()
    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.alter_column('name_text', existing_type=sa.String(length=510), nullable=False)

    with op.batch_alter_table('customer_group', schema=None) as batch_op:
        batch_op.add_column(sa.Column('filter', sa.Text(), nullable=True))

    with op.batch_alter_table('import_batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('step_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_import_batch_step_id'), ['step_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_import_batch_step_id'), 'group_step', ['step_id'], ['id'], ondelete='SET NULL')


def _fold_names() -> None:
    """Customers that are there already get their new column, some thousand at a time."""
    connection, last = op.get_bind(), 0
    some = sa.text("SELECT id, name FROM customer WHERE id > :last ORDER BY id LIMIT 10000")
    while rows := connection.execute(some, {"last": last}).all():
        connection.execute(
            sa.text("UPDATE customer SET name_text = :folded WHERE id = :id"),
            [{"id": key, "folded": fold(name)[:510]} for key, name in rows],
        )
        last = rows[-1][0]


def downgrade() -> None:
    with op.batch_alter_table('import_batch', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_import_batch_step_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_import_batch_step_id'))
        batch_op.drop_column('step_id')

    with op.batch_alter_table('customer_group', schema=None) as batch_op:
        batch_op.drop_column('filter')

    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.drop_column('name_text')

    with op.batch_alter_table('group_change', schema=None) as batch_op:
        batch_op.drop_index('ix_group_change_customer')

    op.drop_table('group_change')
    with op.batch_alter_table('group_step', schema=None) as batch_op:
        batch_op.drop_index('ix_group_step_draft')

    op.drop_table('group_step')
    with op.batch_alter_table('group_draft', schema=None) as batch_op:
        batch_op.drop_index('uq_group_draft_open', sqlite_where=sa.text('saved_at IS NULL'), postgresql_where=sa.text('saved_at IS NULL'))
        batch_op.drop_index('ix_group_draft_history')

    op.drop_table('group_draft')