"""Words for a job that failed. They are kept with the job, in the language of the user who asked
for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import current_app
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.core.spec import Words

REASONS: Mapping[str, Words] = MappingProxyType(
    {
        "database": _l(
            "The database refused a part of the work. What was done is kept; continue when the "
            "database is well again."
        ),
        "gave_up": _l(
            "The work broke off several times at the same place, so it was not tried again. "
            "What was done before is kept."
        ),
        "unexpected": _l(
            "Something went wrong on our side and was logged. What was done before is kept; "
            "you can continue."
        ),
    }
)


def reason(code: str, user_id: int | None) -> str:
    """The sentence in the language of this user, else of the installation."""
    user = db.session.get(User, user_id) if user_id is not None else None
    locale = user.locale if user is not None else None
    with force_locale(locale or current_app.config["SETTINGS"].locale):
        return str(REASONS[code])
