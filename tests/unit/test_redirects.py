"""Where a browser may be sent: plain paths of this site and nothing else."""

from __future__ import annotations

import pytest
from flask import Flask

from crmadmin.core import redirects

OFF_SITE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    " /admin/",
    "/ /evil.example",
    "\x00/admin/",
    "/admin/\x7f",
    "/a\u2028b",
    "/a\u202eb",
    "https://evil.example/",
    "HTTPS:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example/admin",
    "admin/",
    "?next=/",
    "#top",
    "/" * 3000,
    "//[::1",
    "",
    None,
]


@pytest.mark.parametrize("target", OFF_SITE)
def test_what_could_leave_the_site_is_refused(target: str | None) -> None:
    assert redirects.safe_path(target) is None


@pytest.mark.parametrize(
    "target",
    ["/", "/admin/", "/admin/customer/?page=2&search=nguy%E1%BB%85n", "/a?next=//b", "/tìm?q=Hà"],
)
def test_paths_of_this_site_pass_unchanged(target: str) -> None:
    assert redirects.safe_path(target) == target


@pytest.fixture
def site() -> Flask:
    return Flask(__name__)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://crm.example/admin/?a=1", "/admin/?a=1"),
        ("http://crm.example/", "/"),
        ("/admin/", "/admin/"),
        ("http://crm.example.evil.example/admin/", None),
        ("http://evil.example/admin/", None),
        ("http://crm.example@evil.example/admin/", None),
        ("ftp://crm.example/admin/", None),
        ("http://[bad/", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_this_very_host_have_a_path(
    site: Flask, address: str | None, path: str | None
) -> None:
    with site.test_request_context("/", base_url="http://crm.example"):
        assert redirects.path_of(address) == path


@pytest.mark.parametrize("target", OFF_SITE)
def test_a_refused_target_leads_to_our_own_page(site: Flask, target: str | None) -> None:
    with site.test_request_context("/"):
        answer = redirects.redirect_back(target, "/admin/")
    assert (answer.status_code, answer.location) == (303, "/admin/")


def test_a_safe_target_is_followed(site: Flask) -> None:
    with site.test_request_context("/"):
        assert redirects.redirect_back("/x?y=1", "/admin/").location == "/x?y=1"
