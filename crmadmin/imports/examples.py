"""What the template shows as examples: three rows of each kind, on a sheet of their own.

They are data, not words of the product, and so the same in every language. The first row of the
customer kinds comes from the fields' own examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from crmadmin.imports.kinds import Family, ImportKind

Example = Mapping[str, str]
"""Import column → what its cell says; a column that is not named is blank."""

_PERSON: Example = {
    "name": "Nguyễn Thị Lan",
    "kind": "Cá nhân",
    "phone": "0905 111 222",
    "email": "lan.nguyen@example.com",
    "address": "12 Lê Duẩn",
    "province": "Đà Nẵng",
    "birthday": "02/09/1990",
}
_SHOP: Example = {
    "code": "KH000124",
    "name": "Cửa hàng Bình An",
    "kind": "Tổ chức",
    "phone": "028 3822 1234",
    "address": "45 Nguyễn Huệ",
    "province": "TP. Hồ Chí Minh",
    "note": "Mua hàng tháng",
}
_SECOND_CONTACT: Example = {
    "code": "KH000123",
    "name": "Công ty TNHH Minh Phát",
    "contact_name": "Trần Quốc Bảo",
    "contact_title": "Giám đốc",
    "contact_phone": "0987 654 321",
    "contact_email": "bao@example.com",
}

_NAMES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "customer-types": ("Khách hàng cá nhân", "Khách hàng doanh nghiệp", "Đại lý"),
        "sales-groups": ("Khách sỉ", "Khách lẻ", "Khách dự án"),
        "sales-channels": ("Cửa hàng", "Thương mại điện tử", "Điện thoại"),
        "customer-sources": ("Facebook", "Zalo", "Giới thiệu"),
        "industries": ("Xây dựng", "Thương mại", "Dịch vụ"),
        "company-sizes": ("Dưới 10 người", "10 - 50 người", "Trên 50 người"),
        "customer-statuses": ("Tiềm năng", "Đang liên hệ", "Đã mua hàng"),
        "customer-tiers": ("Kim cương", "Vàng", "Bạc"),
        "collaborator-groups": (
            "Cộng tác viên miền Bắc",
            "Cộng tác viên miền Nam",
            "Bán thời gian",
        ),
        "collaborators": ("Hoàng Văn Tư", "Dương Xuân Thảo", "Phan Hữu Trung"),
    }
)  # fmt: skip
_COLORS = ("blue", "indigo", "teal")
_PHONES = ("0912 345 678", "0328 520 162", "0987 111 333")


def examples(kind: ImportKind) -> list[Example]:
    """Three rows, by import column; every column of the kind is filled in one of them."""
    first = {c.name: c.spec.example for c in kind.columns}
    if kind.family is Family.CUSTOMERS:
        return [first, _SECOND_CONTACT if kind.with_contacts else _SHOP, _PERSON]
    if kind.family is Family.MEMBERS:
        return [{"code": "KH000123"}, {"phone": first["phone"]}, {"email": first["email"]}]
    # A catalog that was added since has no names of its own here.
    names = _NAMES.get(kind.name) or [f"{kind.spec.label} {n}" for n in (1, 2, 3)]
    return [_of_catalog(kind, first if n == 0 else {}, names[n], n) for n in range(3)]


def _of_catalog(kind: ImportKind, first: Example, name: str, number: int) -> Example:
    return {
        **first,
        "code": f"{kind.spec.options.prefix}{number + 1:03d}",
        "name": name,
        "phone": _PHONES[number],
        "group": "Cộng tác viên miền Nam" if number else first.get("group", ""),
        "position": str(number + 1),
        "is_active": "Có",
        "is_default": "Không",
        "color": _COLORS[number],
    }
