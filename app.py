"""The application: wiring only. `flask --app app …` and every server start here."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, redirect, url_for
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from crmadmin import cli, panel
from crmadmin.access import guard, headers, preferences
from crmadmin.access import views as access_views
from crmadmin.core import outside
from crmadmin.core.db import db, prepare_request
from crmadmin.core.engine import PoolOptions, engine_options
from crmadmin.core.migrating import require_ready
from crmadmin.core.private_files import keep_private
from crmadmin.imports import tasks as import_tasks  # noqa: F401 - registers what jobs may ask for
from crmadmin.jobs import job_metrics as job_figures
from crmadmin.jobs import queue
from crmadmin.telemetry import logs, metrics_page, requests

SECONDS_OF_A_FORM = 12 * 60 * 60
START_PAGE = "admin.index"
"""Where people come to who go nowhere else, by its endpoint."""


def create_app(settings: config.Settings | None = None) -> Flask:
    """A ready application. `settings` come from the environment unless given."""
    settings = settings or config.load()
    app = Flask(
        "crmadmin",
        instance_path=str(settings.instance.resolve()),
        root_path=str(config.ROOT),
        static_folder="crmadmin/static",
        template_folder="templates",
    )
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        START_PAGE=START_PAGE,
        TESTING=settings.testing,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(
            settings.database_url,
            PoolOptions(settings.pool_size, settings.pool_overflow, settings.pool_recycle),
        ),
        MAX_CONTENT_LENGTH=settings.upload_max_bytes + config.MEBIBYTE,
        MAX_FORM_MEMORY_SIZE=4 * config.MEBIBYTE,
        MAX_FORM_PARTS=5000,
        BABEL_DEFAULT_LOCALE=settings.locale,
        BABEL_DEFAULT_TIMEZONE=settings.timezone,
        BABEL_TRANSLATION_DIRECTORIES=str(config.ROOT / "crmadmin" / "translations"),
        WTF_CSRF_TIME_LIMIT=SECONDS_OF_A_FORM,
        WTF_CSRF_SSL_STRICT=settings.behind_proxy,
    )
    app.url_map.converters["whole"] = outside.Whole
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.testing:
        keep_private(settings.instance, settings.database_url)
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]  # Flask's documented way
    logs.init_app(app)
    if settings.weak_key:
        app.wsgi_app = _refuse_to_serve  # type: ignore[assignment]  # however it is served
    db.init_app(app)
    Migrate(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=True)
    Babel(app, locale_selector=preferences.locale_selector)
    requests.init_app(app)
    app.before_request(prepare_request)
    guard.init_app(app)
    CSRFProtect(app)
    headers.init_app(app)
    app.register_blueprint(access_views.blueprint)
    panel.init_app(app)
    cli.init_app(app)
    _add_probes(app)
    metrics_page.init_app(app, [job_figures.collect])
    return app


def serving() -> Flask:
    """The application that a web server serves. It does not start, and raises AnotherSchema or
    BesideMissing, where the database is behind or ahead of this code's migrations, or lacks what no
    page would miss at once: the triggers of searches, indexes; nor with a key that can be guessed,
    and raises SettingError."""
    app = create_app()
    if app.config["SETTINGS"].weak_key:
        raise config.SettingError(app.config["SETTINGS"].weak_key)
    with app.app_context():
        require_ready()
    return app


def _refuse_to_serve(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
    """Nothing is signed with a key that can be guessed; `serving` says so before."""
    start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
    return [b"SECRET_KEY can be guessed; see the log of the start.\n"]


def _add_probes(app: Flask) -> None:
    """Addresses that machines ask."""

    @app.get("/")
    def index() -> Response:
        return redirect(url_for(START_PAGE))  # type: ignore[return-value]  # werkzeug's Response

    @app.get("/healthz")
    def healthz() -> tuple[str, int]:
        """The process is alive."""
        return "ok\n", 200

    @app.get("/readyz")
    def readyz() -> tuple[str, int]:
        """The database and the queue answer."""
        try:
            db.session.execute(text("SELECT 1"))
        except SQLAlchemyError:
            logging.getLogger(__name__).exception("the database does not answer")
            return "database\n", 503
        bell = queue.of(app)
        try:
            if bell is not None:
                bell.check()
        except queue.Down:
            logging.getLogger(__name__).exception("the queue does not answer")
            return "queue\n", 503
        return "ok\n", 200
