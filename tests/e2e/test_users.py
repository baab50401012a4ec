"""Users in the browser: nobody is added whom nobody can sign in as."""

from __future__ import annotations

from databases import every_database
from factories import PASSWORD
from person import Person
from served import Site

from crmadmin.access.models import User
from crmadmin.core.db import db


def is_there(site: Site, name: str) -> bool:
    with site.app.app_context():
        found = db.session.query(User).filter_by(username=name).count()
        db.session.remove()
    return bool(found)


@every_database
def test_a_user_without_a_password_is_refused_at_the_field_and_added_once_it_is_typed(
    person: Person, site: Site
) -> None:
    person.sign_in("an").open("/admin/users/new/")
    person.fill("Tên đăng nhập", "lan").fill("Họ tên", "Vũ Lan")
    person.choose("Vai trò", "Kinh doanh").press("Lưu", "button")
    person.find("1 lỗi", "link")
    assert person.text("#password-error")
    assert person.focused == "Mật khẩu"
    assert person.value("Tên đăng nhập") == "lan"
    assert not is_there(site, "lan")
    person.fill("Mật khẩu", PASSWORD).go("Lưu", "button")
    assert is_there(site, "lan")
    person.driver.delete_all_cookies()
    person.log_in("lan").find("Tổng quan", "heading")
