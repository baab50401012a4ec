"""Customers and the people at them."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crmadmin.access.models import User
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import codes, settings
from crmadmin.core import fields as field
from crmadmin.core.db import Model, spec_of
from crmadmin.core.models import names_fields
from crmadmin.core.search import Documents
from crmadmin.core.spec import Choice, RecordOptions, Section, SensitiveIf
from crmadmin.core.stamps import Stamped
from crmadmin.core.text import code_key, email_key, fold, is_personal_id, name_key, sort_key

KINDS = (
    Choice("person", _l("Person"), ("Cá nhân", "Person")),
    Choice("organization", _l("Organization"), ("Tổ chức", "Công ty", "Organization")),
)


def _is_person(kind: str | None) -> bool:
    """Whoever is not said to be an organization: what is not known is not shown."""
    return kind != "organization"


OF_PERSONS = SensitiveIf(("kind",), _is_person, "of persons")
"""When a company was founded and where it sits is public; of a person it is not."""

PERSONAL_IDS = SensitiveIf(
    ("kind", "tax_code"),
    lambda kind, tax_code: _is_person(kind) or is_personal_id(tax_code),
    "of persons, and every personal ID",
)
"""A household business pays tax under the ID of the person whose it is."""


class Customer(Stamped, Model):
    """Khách hàng: a person or company we sell to."""

    __record__ = RecordOptions(
        _l("Customer"), _l("Customers"), resource="customers", order=("-updated_at",),
        owner="owner_id", is_large=True,
        columns=("code", "name", "phone", "status", "sales_group", "tier", "owner",
                 "updated_at"),
        sections=(
            Section("main", _l("Main information")),
            Section("reach", _l("Contact details")),
            Section("classes", _l("Classification")),
            Section("more", _l("Notes and privacy")),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    code: Mapped[str] = field.code(
        _l("Customer code"), brief=_l("Cust. code"), listed=True, searched=True, unique=True,
        section="main", width="w-s2",
        headings=("Mã khách hàng", "Mã KH", "Mã", "Customer code", "Code"), example="KH000123",
        help=_l("Leave blank to have the next one made."),
    )  # fmt: skip
    name: Mapped[str] = field.text(
        _l("Customer name"), required=True, listed=True, searched=True, section="main", span=8,
        headings=("Tên khách hàng", "Tên KH", "Tên", "Họ tên", "Customer name", "Name"),
        example="Công ty TNHH Minh Phát",
    )  # fmt: skip
    kind: Mapped[str] = field.choice(
        _l("Kind"), KINDS, default="organization", required=True, filtered=True, section="main",
        headings=("Đối tượng", "Cá nhân / Tổ chức", "Loại đối tượng", "Kind"), example="Tổ chức",
    )  # fmt: skip
    owner_id: Mapped[int] = field.ref(
        "User", _l("Owner"), required=True, listed=True, filtered=True, section="main", width="w-l",
        headings=("Chủ sở hữu", "Người phụ trách", "Nhân viên phụ trách", "Owner"), example="lan",
    )  # fmt: skip
    customer_type_id: Mapped[int | None] = field.ref(
        "CustomerType", _l("Customer type"), filtered=True, section="classes", example="Đại lý",
        headings=("Loại khách hàng", "Loại KH", "Customer type"),
    )  # fmt: skip
    sales_group_id: Mapped[int | None] = field.ref(
        "SalesGroup", _l("Sales group"), brief=_l("Cust. group"), listed=True, filtered=True,
        section="classes", width="w-s2",
        headings=("Nhóm khách hàng", "Nhóm KH", "Nhóm bán hàng", "Sales group"), example="Khách sỉ",
    )  # fmt: skip
    channel_id: Mapped[int | None] = field.ref(
        "SalesChannel", _l("Sales channel"), filtered=True, section="classes", example="Cửa hàng",
        headings=("Kênh bán hàng", "Kênh", "Sales channel", "Channel"),
    )  # fmt: skip
    source_id: Mapped[int | None] = field.ref(
        "CustomerSource", _l("Customer source"), brief=_l("Source"), filtered=True,
        section="classes", width="w-s2",
        headings=("Nguồn khách hàng", "Nguồn KH", "Nguồn", "Source"), example="Facebook",
    )  # fmt: skip
    industry_id: Mapped[int | None] = field.ref(
        "Industry", _l("Industry"), filtered=True, section="classes", example="Xây dựng",
        headings=("Lĩnh vực", "Ngành nghề", "Ngành", "Industry"),
    )  # fmt: skip
    company_size_id: Mapped[int | None] = field.ref(
        "CompanySize", _l("Company size"), filtered=True, section="classes",
        headings=("Quy mô", "Company size", "Size"), example="10 - 50 người",
    )  # fmt: skip
    status_id: Mapped[int | None] = field.ref(
        "CustomerStatus", _l("Status"), listed=True, filtered=True, section="classes", width="w-m",
        headings=("Trạng thái", "Tình trạng", "Status"), example="Tiềm năng",
    )  # fmt: skip
    tier_id: Mapped[int | None] = field.ref(
        "CustomerTier", _l("Tier"), listed=True, filtered=True, section="classes", width="w-sm",
        headings=("Phân cấp", "Cấp", "Hạng", "Tier"), example="Vàng",
    )  # fmt: skip
    collaborator_id: Mapped[int | None] = field.ref(
        "Collaborator", _l("Collaborator"), filtered=True, section="classes", example="CTV001",
        headings=("Cộng tác viên", "CTV", "Người giới thiệu", "Collaborator"),
    )  # fmt: skip
    tax_code: Mapped[str | None] = field.tax_code(
        _l("Tax code"), section="main", sensitive=PERSONAL_IDS, example="0100109106",
        headings=("Mã số thuế", "MST", "Tax code"), searched=True,
    )  # fmt: skip
    phone: Mapped[str | None] = field.phone(
        _l("Phone"), listed=True, searched=True, sensitive=True, section="reach", width="w-m",
        headings=("Điện thoại", "SĐT", "Số điện thoại", "Di động", "ĐT",
                  "Điện thoại di động", "Phone"),
        example="0912 345 678",
    )  # fmt: skip
    email: Mapped[str | None] = field.email(
        _l("Email"), searched=True, sensitive=True, section="reach", span=8,
        headings=("Email", "E-mail", "Thư điện tử"), example="lienhe@example.com",
    )  # fmt: skip
    website: Mapped[str | None] = field.website(
        _l("Website"),
        section="reach",
        headings=("Website", "Trang web"),
        example="https://example.com",
    )
    address: Mapped[str | None] = field.text(
        _l("Address"), max_length=500, section="reach", span=8, searched=True,
        sensitive=OF_PERSONS, headings=("Địa chỉ", "Address"), example="Lô B4, KCN Quế Võ",
    )  # fmt: skip
    province: Mapped[str | None] = field.province(
        _l("Province/City"), filtered=True, section="reach",
        headings=("Tỉnh/Thành phố", "Tỉnh thành", "Tỉnh", "Thành phố", "Province", "City"),
        example="Bắc Ninh",
    )  # fmt: skip
    birthday: Mapped[date | None] = field.date(
        _l("Birthday / founded"), past=True, section="main", sensitive=OF_PERSONS,
        example="09/08/1992",
        headings=("Ngày sinh / thành lập", "Ngày sinh", "Ngày thành lập", "Birthday"),
    )  # fmt: skip
    note: Mapped[str | None] = field.long_text(
        _l("Note"), section="more", headings=("Ghi chú", "Note"), example="Gặp tại hội chợ tháng 10"
    )
    do_not_contact: Mapped[bool] = field.boolean(
        _l("Do not contact"), filtered=True, section="more", span=12, importable=False,
        help=_l("No advertising messages; group exports leave this customer out."),
    )  # fmt: skip
    do_not_contact_reason: Mapped[str | None] = field.text(
        _l("Why not to contact"), section="more", span=12, importable=False
    )
    do_not_contact_since: Mapped[datetime | None] = field.moment(_l("Do not contact since"))
    do_not_contact_by_id: Mapped[int | None] = field.stamp_user()

    # A possible duplicate is looked for in the whole table.
    __table_args__ = (Index("ix_customer_tax_code", "tax_code"),)

    code_key: Mapped[str] = field.key(code_key, "code", length=32, unique=True)
    email_key: Mapped[str | None] = field.key(email_key, "email", length=254)
    sort_key: Mapped[str] = field.key(sort_key, "name", length=400)
    name_text: Mapped[str] = field.key(fold, "name", length=510, index=False)
    search_text: Mapped[str] = field.search_text()
    search_private: Mapped[str] = field.search_private(variants=field.as_dialled)

    owner: Mapped[User] = relationship(foreign_keys=[owner_id])
    contacts: Mapped[list[Contact]] = relationship(
        back_populates="customer",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="(Contact.is_primary.desc(), Contact.id)",
    )

    def __str__(self) -> str:
        return f"{self.code} – {self.name}"


class Contact(Stamped, Model):
    """Liên hệ: a person at a customer."""

    __record__ = RecordOptions(_l("Contact"), _l("Contacts"), resource="customers")

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    customer_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("customer.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = field.text(
        _l("Contact name"), required=True, searched=True, example="Vũ Hồng Nhung",
        brief=_l("Full name"),
        headings=("Người liên hệ", "Tên liên hệ", "Họ tên liên hệ", "Contact name"),
    )  # fmt: skip
    title: Mapped[str | None] = field.text(
        _l("Contact title"), max_length=120, example="Kế toán trưởng",
        brief=_l("Job title"),
        headings=("Chức vụ liên hệ", "Chức vụ", "Contact title"),
    )  # fmt: skip
    phone: Mapped[str | None] = field.phone(
        _l("Contact phone"), searched=True, sensitive=True, example="0904 118 552",
        brief=_l("Phone"),
        headings=("Điện thoại liên hệ", "ĐT liên hệ", "SĐT liên hệ", "Contact phone"),
    )  # fmt: skip
    email: Mapped[str | None] = field.email(
        _l("Contact email"), searched=True, sensitive=True, example="nhung@example.com",
        brief=_l("Email"),
        headings=("Email liên hệ", "Contact email"),
    )  # fmt: skip
    birthday: Mapped[date | None] = field.date(
        _l("Contact birthday"), past=True, sensitive=True, example="20/11/1990",
        brief=_l("Birthday"),
        headings=("Ngày sinh liên hệ", "Contact birthday"),
    )  # fmt: skip
    is_primary: Mapped[bool] = field.boolean(_l("Primary contact"), importable=False)
    note: Mapped[str | None] = field.text(
        _l("Contact note"),
        brief=_l("Note"),
        max_length=1000,
        span=8,
        sensitive=True,
        importable=False,
    )

    name_key: Mapped[str] = field.key(name_key, "name", length=510, index=False)
    email_key: Mapped[str | None] = field.key(email_key, "email", length=254, index=False)
    search_text: Mapped[str] = field.search_text()
    search_private: Mapped[str] = field.search_private(variants=field.as_dialled)
    import_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("import_batch.id", ondelete="SET NULL"), index=True
    )

    customer: Mapped[Customer] = relationship(back_populates="contacts")


DOCUMENTS = Documents(Customer, Contact.customer_id)
"""What a search for customers looks through: their own texts and those of their contacts."""


codes.number_by(Customer, settings.customer_codes)
names_fields(settings.DUPLICATES, Customer)


def catalog_fields() -> tuple[str, ...]:
    """Names of a customer's links to catalogs, in the order of declaration."""
    catalogs = {model.__name__ for model in all_catalogs()}
    return tuple(f.name for f in spec_of(Customer).refs if f.target in catalogs)
