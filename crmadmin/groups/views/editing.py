"""What the parts of the group form share: which group and draft, the page's state, the answer.

The address of the page holds the searches of both its halves, never the draft. htmx tells it in a
header, a plain form repeats it in `back`; so every part is drawn again as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.core import htmx, marks, outside, records
from crmadmin.core.db import db
from crmadmin.core.listing import owned_by
from crmadmin.core.redirects import path_of
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts
from crmadmin.groups.models import NEW, CustomerGroup, GroupDraft

blueprint = Blueprint("groups", __name__, url_prefix="/admin/groups")

NEW_KEY = "new"
MEMBERS = ("mq", "show", "mpage")
"""The parameters of the members' half; all others are the picker's."""

NOT_STATE = ("id", "back", "csrf_token", "count")


FOLLOWS = _l("This group follows a filter. Freeze the list before you pick customers.")
CLOSED = _l("The draft was saved or thrown away in another window. This is how the group is now.")


@dataclass(frozen=True, slots=True)
class Editing:
    """What is edited: `key` is a group's id or "new"; the draft is there from the first change."""

    key: str
    user_id: int
    group_id: int
    group: CustomerGroup | None
    draft: GroupDraft | None

    @property
    def window_key(self) -> str:
        """What a browser window keeps its ticks and texts under; another user's are not these."""
        return f"{self.user_id}/{self.key}"

    @property
    def is_gone(self) -> bool:
        """Whether the group was deleted under the draft."""
        return self.group is None and self.key != NEW_KEY

    def begin(self) -> GroupDraft:
        """The draft, begun if need be, on the version of the group that the page was drawn of."""
        if self.draft is not None:
            return self.draft
        draft = drafts.begin(self.user_id, self.group)
        seen = outside.whole(request.form.get("version"), 1, draft.base_version)
        draft.base_version = seen or draft.base_version
        return draft

    def again(self) -> Editing:
        """The same after a change."""
        find = drafts.of_deleted if self.is_gone else drafts.find
        return replace(self, draft=find(self.user_id, self.group_id))


def editing(key: str) -> Editing:
    """The group of an address and the user's draft of it; 404 for a group that is not there.

    A draft outlives its group: what was changed can still be looked at, saved anew or left.
    """
    user = guard.current_user() or abort(403)
    if key == NEW_KEY:
        guard.require(Permission.GROUPS_CREATE)
        return Editing(key, user.id, NEW, None, _carried(drafts.find(user.id, NEW)))
    guard.require(Permission.GROUPS_EDIT)
    number = outside.record_id(key) or abort(404)
    group, draft = _of_page(user.id, number)
    if group is None and draft is None:
        abort(404)
    marks.require(group or draft)
    return Editing(str(number), user.id, number, group, draft)


def _of_page(user_id: int, number: int) -> tuple[CustomerGroup | None, GroupDraft | None]:
    """The group and the draft that the page was made of. Raises marks.NotTheSame.

    Of a group that was deleted while its form was open the draft goes on, also when another group
    has its number by now.
    """
    try:
        group = records.fetch(CustomerGroup, str(number))
    except marks.NotTheSame:
        draft = drafts.of_deleted(user_id, number)
        if draft is None:
            raise
        return None, _carried(draft)
    return group, _carried(drafts.find(user_id, number))


def _carried(draft: GroupDraft | None) -> GroupDraft | None:
    """The draft, which the page's forms carry from now on. Raises Closed when they carry another
    one: that was saved or left in another window, and this one begun."""
    if marks.is_other_than(GroupDraft, draft):
        raise drafts.Closed
    if draft is not None:
        marks.carry(draft)
    return draft


def reach() -> list[ColumnElement[bool]]:
    """The conditions on the customers that the user may see at all."""
    owner = guard.limited_to(Permission.CUSTOMERS_READ)
    return [] if owner is None else [owned_by(Customer, owner)]


def page_state() -> MultiDict[str, str]:
    """The parameters of the page that the request came from."""
    if htmx.is_asking():
        query = (path_of(request.headers.get("HX-Current-URL")) or "").partition("?")[2]
    else:
        query = request.form.get("back", "")
    return only(outside.parameters(query) or MultiDict())


def only(given: MultiDict[str, str], *names: str, but: tuple[str, ...] = ()) -> MultiDict[str, str]:
    """The parameters with a value that are of the page: these names, or all but some."""
    left_out = (*NOT_STATE, *but)
    return MultiDict(
        (name, value)
        for name, value in given.items(multi=True)
        if value and name not in left_out and (not names or name in names)
    )


def page_url(key: str, state: MultiDict[str, str] | None = None, **changes: object) -> str:
    """The address of the form, with the state of its halves."""
    args: dict[str, Any] = {**(state.to_dict(flat=False) if state else {}), **changes}
    if key == NEW_KEY:
        return url_for("customer_group.create_view", **args)
    return url_for("customer_group.edit_view", id=key, **args)


def half(
    key: str, state: MultiDict[str, str], template: str, context: dict[str, object]
) -> ResponseReturnValue:
    """One half of the page for htmx, and the address that the page has from now on."""
    answer = make_response(render_template(template, **context))
    answer.headers["HX-Replace-Url"] = page_url(key, state)
    return answer


def say(answer: Response, text: str, kind: str = "good", **events: object) -> Response:
    """With a message beside it, and events that the scripts of the page wait for."""
    told: dict[str, object] = {**events}
    if text:
        told["note"] = {"text": text, "kind": kind}
    if told:
        answer.headers["HX-Trigger"] = json.dumps(told)
    return answer


def back_to_form(key: str, text: str, kind: str = "success") -> ResponseReturnValue:
    """Where a plain form leads after a change."""
    if text:
        flash(text, kind)
    return redirect(page_url(key, page_state()), 303)


def come_back(error: Exception, key: str | None = None) -> ResponseReturnValue:
    """To the form as it is now, when the draft is not what the page took it for.

    `key` is the group's, where the address does not name it.
    """
    db.session.rollback()
    flash(str(CLOSED if isinstance(error, drafts.Closed) else FOLLOWS), "warning")
    key = key or str((request.view_args or {}).get("key", NEW_KEY))
    return htmx.go(page_url(key, page_state()))


blueprint.register_error_handler(drafts.Closed, come_back)
blueprint.register_error_handler(drafts.Follows, come_back)


def ticked(*fields: str) -> list[int]:
    """The customers that were ticked by hand.

    What is no id is left out; one that names another customer by now is below zero: nobody's.
    """
    listed = [text for field in fields for text in request.form.getlist(field)]
    return records.same_ids(Customer, " ".join(listed).split())
