"""Values for catalogs that are empty, and in what shares customers have what a catalog holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any

from sqlalchemy import func, select

from crmadmin.catalogs.models import (
    Catalog,
    Collaborator,
    CollaboratorGroup,
    CompanySize,
    CustomerSource,
    CustomerStatus,
    CustomerTier,
    CustomerType,
    Industry,
    SalesChannel,
    SalesGroup,
    all_catalogs,
)
from crmadmin.core import records
from crmadmin.core.db import db, spec_of
from crmadmin.core.fields import COLORS
from crmadmin.customers.models import Customer, catalog_fields
from crmadmin.seeding import names, places
from crmadmin.seeding import weights as chances

VALUES: dict[type[Catalog], tuple[str, ...]] = {
    CustomerType: (
        "Khách hàng doanh nghiệp", "Khách hàng cá nhân", "Đại lý", "Nhà phân phối", "Đối tác",
        "Cơ quan nhà nước", "Nội bộ",
    ),
    SalesGroup: (
        "Khách lẻ", "Khách sỉ", "Khách online", "Khách dự án", "Khách xuất khẩu", "Khách VIP",
    ),
    SalesChannel: (
        "Cửa hàng", "Điện thoại", "Thương mại điện tử", "Website", "Đại lý khu vực",
        "Nhân viên thị trường",
    ),
    CustomerSource: (
        "Facebook", "Zalo", "Giới thiệu", "Website", "Quảng cáo Google", "TikTok", "Hội chợ",
        "Khách cũ", "Tờ rơi", "Email",
    ),
    Industry: (
        "Thương mại", "Xây dựng", "Sản xuất", "Dịch vụ", "Vận tải", "Nông nghiệp", "Ăn uống",
        "Y tế", "Giáo dục", "Công nghệ thông tin", "Bất động sản", "Du lịch", "May mặc",
        "Thủy sản",
    ),
    CompanySize: ("Dưới 10 người", "10 - 50 người", "51 - 200 người", "Trên 200 người"),
    CustomerStatus: (
        "Tiềm năng", "Đang liên hệ", "Đã mua hàng", "Đã báo giá", "Đang thương lượng",
        "Khách hàng lớn", "Ngừng giao dịch",
    ),
    CustomerTier: ("Đồng", "Bạc", "Vàng", "Kim cương"),
    CollaboratorGroup: ("Cộng tác viên miền Nam", "Cộng tác viên miền Bắc",
                        "Cộng tác viên miền Trung"),
}  # fmt: skip
"""The most common first: that is what the shares follow."""

COLLABORATORS = 40
BANKS = ("Vietcombank", "Techcombank", "BIDV", "VietinBank", "Agribank", "MB", "ACB", "VPBank")
UNSET = {
    "customer_type": 0.04, "sales_group": 0.10, "channel": 0.15, "source": 0.12, "industry": 0.25,
    "company_size": 0.45, "status": 0.03, "tier": 0.50, "collaborator": 0.85,
}  # fmt: skip
"""Catalog field → share of customers that have none; a tenth where nothing is said."""
USUAL_UNSET = 0.1
STEEPNESS = 0.55
"""Each value of a catalog has about so many times the customers of the one before it."""
LEAST = 0.004
"""But never a smaller share of what the first has."""


@dataclass(frozen=True, slots=True)
class Share:
    """What customers have in one catalog column: ids (None: not set) and how common each is."""

    column: str
    ids: tuple[int | None, ...]
    weights: tuple[float, ...]


def fill(chance: Random) -> dict[str, int]:
    """Give every catalog that is empty its values; says how many by table. The caller commits."""
    made = {}
    for model in all_catalogs():
        if db.session.scalar(select(func.count()).select_from(model)):
            continue
        if model is Collaborator:
            continue  # last: they belong to groups
        made[spec_of(model).name] = _fill(model)
    if not db.session.scalar(select(func.count()).select_from(Collaborator)):
        made[spec_of(Collaborator).name] = _add_collaborators(chance)
    return {name: number for name, number in made.items() if number}


def _fill(model: type[Catalog]) -> int:
    values = VALUES.get(model, ())
    for place, (name, color) in enumerate(zip(values, cycle(COLORS), strict=False), 1):
        records.create(model, {"name": name, "position": place, "color": color})
    return len(values)


def _add_collaborators(chance: Random) -> int:
    groups = list(db.session.scalars(select(CollaboratorGroup.id).order_by(CollaboratorGroup.id)))
    numbers = chance.sample(range(10_000_000), COLLABORATORS)
    for place, number in enumerate(numbers, 1):
        family, middle, given = (
            chances.one(chance, some)
            for some in (names.FAMILY, names.MIDDLE_WOMEN, names.GIVEN_WOMEN)
        )
        values: dict[str, Any] = {
            "name": " ".join(part for part in (family, middle, given) if part),
            "phone": f"+84{chances.one(chance, names.MOBILES)}{number:07d}",
            "email": f"ctv{place}@example.com",
            "group_id": chance.choice(groups) if groups else None,
            "bank_account": str(chance.randrange(10**11, 10**12)),
            "bank_name": chance.choice(BANKS),
            "address": f"{chance.randrange(1, 400)} {chances.one(chance, places.STREETS)}",
            "position": place,
        }
        records.create(Collaborator, values)
    return len(numbers)


def shares() -> list[Share]:
    """The records in use of every catalog that customers link to, with their shares."""
    found = []
    targets = {model.__name__: model for model in all_catalogs()}
    for name in catalog_fields():
        field = spec_of(Customer).field(name)
        model = targets[field.target]
        ids = list(
            db.session.scalars(
                select(model.id).where(model.is_active).order_by(model.position, model.id)
            )
        )
        unset = UNSET.get(name, USUAL_UNSET) if ids else 1.0
        steep = STEEPNESS if len(ids) < COLLABORATORS else 1 - (1 - STEEPNESS) / 5
        weights = [max(steep**place, LEAST) for place in range(len(ids))]
        scale = (1 - unset) / sum(weights) if weights else 0.0
        found.append(Share(field.column, (None, *ids), (unset, *(w * scale for w in weights))))
    return found
