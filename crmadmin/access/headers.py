"""Security headers of every answer, errors and redirects included, and the nonce of inline tags.

Which page may be cached is decided here as well; long-lived static files say so themselves.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, abort, g, request
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ONE_YEAR = 31_536_000
LONGEST_HOST, LONGEST_LABEL = 253, 63
"""Characters of a host's name, and of what stands between two of its dots."""
BAD_HOST = "crmadmin.bad_host"


def csp_nonce() -> str:
    """This answer's nonce: 128 random bits, the same for every tag of one answer."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def harden(response: Response) -> Response:
    """Put the headers on an answer. What a view set itself stays, except the policy."""
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=csp_nonce())
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    _keep_on_site(response)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR}")
    response.headers["Cache-Control"] = _caching()
    response.vary.add("HX-Request")
    return response


class _NamedHost:
    """Lets no Host in that is no name of any host: Werkzeug makes no address of one, and then no
    page of ours can be written either."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if len(host) > LONGEST_HOST or any(len(label) > LONGEST_LABEL for label in host.split(".")):
            environ["HTTP_HOST"], environ[BAD_HOST] = "invalid", "1"
        return self.app(environ, start_response)


def _refuse_bad_host() -> None:
    if BAD_HOST in request.environ:
        abort(400)


def _keep_on_site(response: Response) -> None:
    """Send the browser to a path of this site, never to a host by name.

    Werkzeug's own redirects (a slash that was missing) name the Host that was asked for, which is
    whatever the sender wrote there. All our redirects stay on the site, so no host is ever needed.
    """
    target = response.headers.get("Location")
    if target:
        try:
            parts = urlsplit(target)
        except ValueError:  # a Host such as "[x"
            response.headers["Location"] = "/"
            return
        if parts.scheme or parts.netloc:
            path = "/" + parts.path.lstrip("/")
            response.headers["Location"] = f"{path}?{parts.query}" if parts.query else path


def _caching() -> str:
    if not _is_static():
        # Pages hold personal data or a form's token: no copy is left on a shared machine.
        return "no-store"
    # `asset` puts a digest into the address; modules import each other without one and are asked
    # for again each time, which costs a 304.
    return f"public, max-age={ONE_YEAR}, immutable" if "v" in request.args else "no-cache"


def init_app(app: Flask) -> None:
    """Harden every answer of the app and give templates `csp_nonce()`."""
    app.after_request(harden)
    app.before_request(_refuse_bad_host)
    app.wsgi_app = _NamedHost(app.wsgi_app)  # type: ignore[method-assign]  # Flask's documented way
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def _is_static() -> bool:
    endpoint = request.endpoint or ""
    return endpoint == "static" or endpoint.endswith(".static")
