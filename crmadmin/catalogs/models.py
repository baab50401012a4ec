"""The ten catalogs, on one screen. A new one is a class of two lines, a ref on Customer and a
migration; docs/add-a-catalog.md walks through it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from crmadmin.core import fields as field
from crmadmin.core.db import Model
from crmadmin.core.spec import RecordOptions, Words
from crmadmin.core.stamps import Stamped
from crmadmin.core.text import code_key, name_key, sort_key


class Catalog(Stamped):
    """What every catalog has. Two records are the same when their `name_key` is."""

    __unique_names__ = True

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    code: Mapped[str] = field.code(
        _l("Code"), listed=True, searched=True, unique=True, headings=("Mã", "Code"), span=4,
        help=_l("Leave blank to have the next one made."), width="w-m",
    )  # fmt: skip
    name: Mapped[str] = field.text(
        _l("Name"), required=True, max_length=120, listed=True, searched=True, unique=True,
        headings=("Tên", "Tên danh mục", "Họ tên", "Họ và tên", "Name"), span=8,
    )  # fmt: skip
    description: Mapped[str | None] = field.long_text(
        _l("Description"), max_length=1000, searched=True,
        headings=("Mô tả", "Diễn giải", "Description"),
    )  # fmt: skip
    position: Mapped[int] = field.number(
        _l("Position"), headings=("Thứ tự", "STT", "Position"), example="1"
    )
    is_active: Mapped[bool] = field.boolean(
        _l("In use"), default=True, listed=True, filtered=True, example="Có",
        headings=("Đang dùng", "Đang sử dụng", "Active"), width="w-m",
    )  # fmt: skip
    is_default: Mapped[bool] = field.boolean(
        _l("Default"), example="Không", headings=("Mặc định", "Default")
    )
    color: Mapped[str] = field.color(
        _l("Color"), example="blue", headings=("Màu", "Màu sắc", "Color")
    )

    code_key: Mapped[str] = field.key(code_key, "code", length=32, unique=True)
    sort_key: Mapped[str] = field.key(sort_key, "name", length=400)

    @declared_attr
    def name_key(cls) -> Mapped[str]:  # noqa: N805 - declared_attr is a class method
        """Unique, but for people, who may share a name."""
        return field.key(name_key, "name", length=240, unique=cls.__unique_names__)

    @declared_attr
    def search_text(cls) -> Mapped[str]:  # noqa: N805 - declared_attr is a class method
        """Folded text of the searched fields: what a search of the catalog looks through."""
        return field.search_text()

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 - declared_attr is a class method
        """At most one default in each catalog, held by the database itself."""
        name = f"uq_{cls.__tablename__}_one_default"  # type: ignore[attr-defined]  # set by Flask-SQLAlchemy's Model
        only = text("is_default")
        return (Index(name, "is_default", unique=True, sqlite_where=only, postgresql_where=only),)

    def __str__(self) -> str:
        return self.name


def catalog(prefix: str, label: Words, plural: Words, help: Words | None = None) -> RecordOptions:
    """The one line with which a catalog names itself."""
    return RecordOptions(
        label,
        plural,
        prefix=prefix,
        help=help,
        order=("position", "sort_key"),
        resource="catalogs",
        columns=("name", "code", "description", "is_active"),
    )


class CustomerType(Catalog, Model):
    """Catalog 1, Loại khách hàng."""

    __record__ = catalog("LKH", _l("Customer type"), _l("Customer types"))


class SalesGroup(Catalog, Model):
    """Catalog 2, Nhóm khách hàng (danh mục); not the marketing list, which is CustomerGroup."""

    __record__ = catalog("NKH", _l("Sales group"), _l("Sales groups"))


class SalesChannel(Catalog, Model):
    """Catalog 3, Kênh bán hàng."""

    __record__ = catalog("KBH", _l("Sales channel"), _l("Sales channels"))


class CustomerSource(Catalog, Model):
    """Catalog 4, Nguồn khách hàng."""

    __record__ = catalog(
        "NGUON", _l("Customer source"), _l("Customer sources"),
        _l("How customers came to know us: facebook, zalo, website, referral…"),
    )  # fmt: skip


class Industry(Catalog, Model):
    """Catalog 5, Lĩnh vực."""

    __record__ = catalog("LV", _l("Industry"), _l("Industries"))


class CompanySize(Catalog, Model):
    """Catalog 6, Quy mô."""

    __record__ = catalog("QM", _l("Company size"), _l("Company sizes"))


class CustomerStatus(Catalog, Model):
    """Catalog 7, Trạng thái."""

    __record__ = catalog(
        "TT",
        _l("Status"),
        _l("Statuses"),
        _l("How far along a customer is: prospect, key account…"),
    )


class CustomerTier(Catalog, Model):
    """Catalog 8, Phân cấp."""

    __record__ = catalog("PC", _l("Tier"), _l("Tiers"))


class Collaborator(Catalog, Model):
    """Catalog 9, Cộng tác viên: who referred the customer. After the code, the phone is the key."""

    __record__ = RecordOptions(
        _l("Collaborator"), _l("Collaborators"), prefix="CTV", resource="collaborators",
        order=("position", "sort_key"), is_large=True,
        columns=("name", "code", "phone", "group", "is_active"),
        help=_l("People who refer customers to us."),
    )  # fmt: skip
    __unique_names__ = False

    phone: Mapped[str | None] = field.phone(
        _l("Phone"), listed=True, searched=True, sensitive=True, unique=True,
        example="0912 345 678", width="w-m",
        headings=("Điện thoại", "SĐT", "Số điện thoại", "Phone"),
    )  # fmt: skip
    email: Mapped[str | None] = field.email(
        _l("Email"),
        searched=True,
        sensitive=True,
        example="tu.hoang@example.com",
        headings=("Email",),
    )
    group_id: Mapped[int | None] = field.ref(
        "CollaboratorGroup", _l("Collaborator group"), listed=True, filtered=True,
        headings=("Nhóm cộng tác viên", "Nhóm CTV", "Nhóm"), example="Cộng tác viên miền Bắc",
        width="w-xl",
    )  # fmt: skip
    tax_code: Mapped[str | None] = field.tax_code(
        _l("Tax code or personal ID"), sensitive=True, example="001092014587",
        headings=("Mã số thuế", "MST", "Số định danh", "CCCD", "Tax code"),
    )  # fmt: skip
    bank_account: Mapped[str | None] = field.text(
        _l("Bank account"),
        max_length=64,
        sensitive=True,
        headings=("Số tài khoản", "STK"),
        example="19036552188012",
    )
    bank_name: Mapped[str | None] = field.text(
        _l("Bank"), max_length=120, headings=("Ngân hàng", "Bank name"), example="Techcombank"
    )
    address: Mapped[str | None] = field.text(
        _l("Address"), max_length=500, span=12, sensitive=True, headings=("Địa chỉ",),
        example="12 Nguyễn Trãi",
    )  # fmt: skip

    search_private: Mapped[str] = field.search_private(variants=field.as_dialled)


class CollaboratorGroup(Catalog, Model):
    """Nhóm cộng tác viên, which belongs to catalog 9."""

    __record__ = catalog("NCTV", _l("Collaborator group"), _l("Collaborator groups"))


def all_catalogs() -> tuple[type[Catalog], ...]:
    """Every catalog there is, in the order of declaration, which is that of the menu."""
    return tuple(Catalog.__subclasses__())
