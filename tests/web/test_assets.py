"""Addresses of the program's own files: they follow the place where the product is mounted."""

from __future__ import annotations

import re

from flask import Flask

ADDRESS = re.compile(r'(?:href|src)="([^"]*/static/[^"#]+)|"([^"]*/static/js/[^"]+)":"')


def addresses(app: Flask, mounted: str) -> set[str]:
    answer = app.test_client().get("/login", base_url=f"http://localhost{mounted}")
    assert answer.status_code == 200
    return {one or other for one, other in ADDRESS.findall(answer.text)}


def test_files_are_found_wherever_the_product_is_mounted(
    app: Flask, people: dict[str, int]
) -> None:
    plain = addresses(app, "")
    assert {"/static/app.js"} <= {a.partition("?")[0] for a in plain}
    assert addresses(app, "/crm") == {f"/crm{address}" for address in plain}
    assert addresses(app, "") == plain


def test_an_address_tells_which_text_of_the_file_it_is_of(
    app: Flask, people: dict[str, int]
) -> None:
    script = next(a for a in addresses(app, "") if a.startswith("/static/app.js"))
    assert re.fullmatch(r"/static/app\.js\?v=[0-9a-f]{8}", script)
    with app.test_client().get(script) as answer:
        assert answer.status_code == 200
