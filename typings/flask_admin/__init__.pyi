"""What we use of Flask-Admin, which ships no types."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from flask import Blueprint, Flask
from flask_admin.theme import Theme

_View = TypeVar("_View", bound=Callable[..., object])

def expose(url: str = "/", methods: Iterable[str] = ("GET",)) -> Callable[[_View], _View]: ...

class BaseView:
    endpoint: str
    name: str
    url: str

    def __init__(
        self, name: str | None = None, *, endpoint: str | None = None, url: str | None = None
    ) -> None: ...
    def create_blueprint(self, admin: Admin) -> Blueprint: ...
    def _handle_view(self, name: str, **kwargs: object) -> object: ...

class AdminIndexView(BaseView): ...

class Admin:
    def __init__(
        self,
        app: Flask | None = None,
        name: str | None = None,
        *,
        theme: Theme | None = None,
        index_view: BaseView | None = None,
    ) -> None: ...
    def add_view(self, view: BaseView) -> None: ...
