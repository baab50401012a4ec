"""Django's admin as its documentation shows: a ModelAdmin that names columns, search and filters.

Its own tables (users, sessions) are in a database of their own: the customers' is only read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import asking
import django
from django.conf import settings

CRM = "crm"


class Router:
    """The customers' tables are in the database that is measured."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:
        return CRM if model._meta.app_label == CRM else "default"

    def allow_relation(self, *_objects: Any, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, _database: str, app_label: str, **_hints: Any) -> bool:
        return app_label != CRM


def _database(url: str) -> dict[str, Any]:
    if url.startswith("sqlite:///"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///")}
    found = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in found.query.split("&") if pair)
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": found.path.strip("/"),
        "USER": found.username or "", "PASSWORD": found.password or "",
        "HOST": options.get("host", found.hostname or ""), "PORT": found.port or "",
    }  # fmt: skip


def _set_up(url: str, folder: str) -> None:
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/own.db"},
            CRM: _database(url),
        },
        DATABASE_ROUTERS=[Router()],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
            "django.contrib.messages", "django.contrib.sessions", "django.contrib.staticfiles", CRM,
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        ROOT_URLCONF="urls",
        SECRET_KEY="b" * 40,
        STATIC_URL="/static/",
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        USE_TZ=True,
    )  # fmt: skip
    django.setup()


def open_(url: str, folder: str) -> asking.Ask:
    """The site on this database, with an administrator signed in."""
    _set_up(url, folder)
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(User.objects.create_superuser("an"))

    def ask(request: dict[str, Any]) -> str:
        given: dict[str, Any] = {}
        if "page" in request:
            given["p"] = request["page"]
        if "search" in request:
            given["q"] = request["search"]
        if "province" in request:
            given["province"] = request["province"]
        answer = client.get("/admin/crm/customer/", given, follow=True)
        if answer.status_code != 200:
            raise RuntimeError(answer.status_code)
        return str(answer.content.decode())

    return ask


if __name__ == "__main__":
    asking.main(open_, 'class="action-checkbox"')
