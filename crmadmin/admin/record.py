"""A kind of record as its pages know it: what it is, who may do what to which of them, loading one.

Every page of the generated admin is a method of a class that stands on `Record`, in one line:
`list` → `form` → `filters` → `saved_views` → `view`; or a function that is given the view.
"""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_admin.contrib.sqla import ModelView

from crmadmin.access import guard, policy
from crmadmin.access.permissions import Permission, find
from crmadmin.core import listing, marks, records
from crmadmin.core.db import db, spec_of
from crmadmin.core.facets import Condition
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import RecordSpec


class Record(ModelView):
    """`targets` are the models that refs point to, by class name."""

    spec: RecordSpec
    targets: dict[str, type[Any]]

    def __init__(self, model: type[Any], targets: dict[str, type[Any]], url: str) -> None:
        self.spec = spec_of(model)
        self.targets = targets
        super().__init__(model, db, endpoint=self.spec.name, url=url)
        policy.register_records(self.endpoint, self.spec.options.resource)

    def _refresh_cache(self) -> None:
        """Nothing is scaffolded from columns: everything comes from the spec."""
        self._form_ajax_refs: dict[str, Any] = {}
        self._list_columns: list[Any] = []

    # Methods of Flask-Admin that have no page here; without @expose they get no address.
    ajax_lookup = ajax_update = action_view = None

    # Access

    def permission(self, action: str) -> Permission | None:
        """The permission for an action on this record's resource, if there is one."""
        return find(self.spec.options.resource, action)

    def may(self, action: str) -> bool:
        """Whether the current user may do this here at all."""
        permission = self.permission(action)
        return permission is not None and guard.can(permission)

    def _handle_view(self, name: str, **kwargs: object) -> None:
        """Asked by Flask-Admin before every view method, beside the guard of every request."""
        rule = policy.rule(f"{self.endpoint}.{name}")
        if not isinstance(rule, Permission | policy.Helper) or not guard.holds(rule):
            abort(403)

    def scope(self, action: str) -> list[Condition]:
        """The conditions under which this user may do `action` to records of this kind."""
        permission = self.permission(action)
        if permission is None:
            abort(403)
        owner = guard.limited_to(permission)
        return [] if owner is None else [listing.owned_by(self.model, owner)]

    def load(self, key: Any, action: str) -> Any:
        """The record of an id, if this user may do `action` to it; else 404, like one not there.

        What writes must say which record its page was made of. Raises marks.NotTheSame.
        """
        record = records.fetch(self.model, key)
        permission = self.permission(action)
        owner = getattr(record, self.spec.options.owner, None) if self.spec.options.owner else None
        if record is None or permission is None or not self._reaches(permission, owner):
            abort(404)
        marks.require(record)
        return record

    def _reaches(self, permission: Permission, owner: int | None) -> bool:
        if not self.spec.options.owner:
            return guard.can(permission)
        return guard.owns(permission, owner)

    def reaches(self, action: str, record: AnyRecord) -> bool:
        """Whether this user may do `action` to this record."""
        permission = self.permission(action)
        owner = getattr(record, self.spec.options.owner, None) if self.spec.options.owner else None
        return permission is not None and self._reaches(permission, owner)
