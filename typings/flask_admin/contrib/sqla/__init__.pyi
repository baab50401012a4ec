from typing import Any

from flask_admin import BaseView
from flask_sqlalchemy import SQLAlchemy

class ModelView(BaseView):
    model: type[Any]

    def __init__(
        self,
        model: type[Any],
        session: SQLAlchemy,
        *,
        endpoint: str | None = None,
        url: str | None = None,
    ) -> None: ...
