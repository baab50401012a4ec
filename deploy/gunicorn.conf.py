"""gunicorn, the web server where `crm serve` is not enough: several processes of several threads.

    .venv/bin/gunicorn --config deploy/gunicorn.conf.py

Other numbers come from GUNICORN_CMD_ARGS or the command line (`--workers 4`); docs/deploy.md says
how to choose them. Each process is loaded by itself, after the fork: they share no connection.
"""

from pathlib import Path
from typing import Any

# Not `import config`: gunicorn would take a name like that for one of its own settings.
from config import load

wsgi_app = "app:serving()"
_settings = load()
bind = f"127.0.0.1:{_settings.port}"
workers = 2
worker_class = "gthread"
threads = 8

timeout = 60  # seconds without a sign of life of a process, not of a request
graceful_timeout = 30
keepalive = 5
umask = 0o077  # whatever it makes is nobody else's to read
max_requests = 20_000
max_requests_jitter = 2_000

# A list with many filters has a long address.
limit_request_line = 8190
# Forwarded headers are read in one place only: by the app, where CRM_BEHIND_PROXY=1.
secure_scheme_headers = {}
# The sign of life is a file; on a disk, a busy one would look like a dead process.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its own file there
# Servers of several installations on one machine would meet in one socket.
control_socket_disable = True

# One event, one line of JSON. Requests are the proxy's to log: addresses hold what was searched.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "crmadmin.telemetry.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "ERROR", "handlers": [], "propagate": True},
        "alembic": {"level": "WARNING"},
    },
}


def child_exit(_server: Any, worker: Any) -> None:
    """What a process that ended had in use it no longer has (docs/monitoring.md)."""
    if _settings.metrics_folder is not None:
        from crmadmin.telemetry.metrics import forget_process

        forget_process(worker.pid, _settings.metrics_folder)
