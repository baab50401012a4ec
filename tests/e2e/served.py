"""The real server on a free port of this machine: waitress, real HTTP, the app of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import factories
from flask import Flask
from waitress.server import create_server

from crmadmin.access import guard, sessions
from crmadmin.access.models import User
from crmadmin.core.db import db


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve as `crm serve` does; gives the address without a slash at its end."""
    tasks: dict[int, Any] = {}
    server = create_server(
        app, map=tasks, host="127.0.0.1", port=0, threads=8, ident=None,
        max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
        clear_untrusted_proxy_headers=True,
    )  # fmt: skip
    thread = Thread(target=server.run, name="web server of the test", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # The loop ends when nothing is left to listen to; only its own thread may take that away.
        server.trigger.pull_trigger(lambda: _close(server, tasks))
        thread.join(10)
        server.task_dispatcher.shutdown()


def _close(server: Any, tasks: dict[int, Any]) -> None:
    server.close()
    for channel in list(tasks.values()):
        channel.close()


class Site:
    """A served app with its four people, and the way to its database."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app, self.url = app, url
        with app.app_context():
            self.ids = factories.people()
            db.session.remove()

    @contextmanager
    def writing(self, name: str = "an") -> Iterator[User]:
        """Write to the database behind the browser's back, in the name of a person."""
        with self.app.app_context():
            user = db.session.get_one(User, self.ids[name])
            with guard.acting(user):
                yield user
                db.session.commit()
            db.session.remove()

    def cookie(self, name: str) -> dict[str, Any]:
        """The session cookie of a person who has signed in."""
        with self.app.app_context():
            token = sessions.start(db.session.get_one(User, self.ids[name]))
            db.session.commit()
            db.session.remove()
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]  # Flask's default interface has it
        value = signer.dumps(guard.cookie_values(token))
        return {"name": self.app.config["SESSION_COOKIE_NAME"], "value": value, "url": self.url}
