"""What the current user may read of a kind of record, as conditions: the one place that says it.

Whatever counts, looks up or names records that a page is not itself about asks here, so that a
number and the list behind it are of the same records. What the product does by itself (a command,
an import for nobody) reads everything.
"""

from __future__ import annotations

from typing import Any

from flask import has_request_context
from sqlalchemy import ColumnElement, false

from crmadmin.access import guard
from crmadmin.access.permissions import find
from crmadmin.access.roles import Scope
from crmadmin.core.db import spec_of
from crmadmin.core.listing import owned_by


def conditions(model: type[Any]) -> list[ColumnElement[bool]]:
    """The conditions on the records of a model that the current user may read; [] for all."""
    scope = _scope(model)
    if scope is Scope.ALL:
        return []
    user = guard.current_user()
    if scope is Scope.NONE or user is None or not spec_of(model).options.owner:
        return [false()]
    return [owned_by(model, user.id)]


def is_whole(model: type[Any]) -> bool:
    """Whether the current user may read every record of a model."""
    return _scope(model) is Scope.ALL


def reads(record: Any) -> bool:
    """Whether the current user may read a record."""
    scope, owner = _scope(type(record)), spec_of(type(record)).options.owner
    if scope is not Scope.OWN:
        return scope is Scope.ALL
    user = guard.current_user()
    return bool(owner) and user is not None and getattr(record, owner) == user.id


def sees_sensitive() -> bool:
    """Whether whoever asks sees sensitive values in full."""
    return _is_nobodys_work() or guard.sees_sensitive()


def _scope(model: type[Any]) -> Scope:
    if _is_nobodys_work():
        return Scope.ALL
    permission = find(spec_of(model).options.resource, "read")
    return Scope.NONE if permission is None else guard.scope_of(permission)


def _is_nobodys_work() -> bool:
    return not has_request_context() and guard.current_user() is None
