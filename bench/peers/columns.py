"""What the peers share: which column of the workbook is which, and how they are called.

Runs in the peers' environments, so it knows nothing but the standard library.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAIN = {
    "code": "Mã khách hàng", "name": "Tên khách hàng", "kind": "Đối tượng",
    "tax_code": "Mã số thuế", "phone": "Điện thoại", "email": "Email", "website": "Website",
    "address": "Địa chỉ", "province": "Tỉnh/Thành phố", "note": "Ghi chú",
}  # fmt: skip
BIRTHDAY = "Ngày sinh / thành lập"
REFS = {
    "owner": ("User", "Chủ sở hữu"),
    "customer_type": ("CustomerType", "Loại khách hàng"),
    "sales_group": ("SalesGroup", "Nhóm khách hàng"),
    "channel": ("SalesChannel", "Kênh bán hàng"),
    "source": ("CustomerSource", "Nguồn khách hàng"),
    "industry": ("Industry", "Lĩnh vực"),
    "company_size": ("CompanySize", "Quy mô"),
    "status": ("CustomerStatus", "Trạng thái"),
    "tier": ("CustomerTier", "Phân cấp"),
}
"""Field → the model that it refers to by name, and the heading."""
CONTACT = {
    "name": "Người liên hệ", "title": "Chức vụ liên hệ", "phone": "ĐT liên hệ",
    "email": "Email liên hệ", "birthday": "Ngày sinh liên hệ",
}  # fmt: skip

Variant = Callable[[Path], dict[str, int]]
"""Imports a workbook; gives how many customers were `created` and `updated`."""

Prepare = Callable[[Path, dict[str, list[str]]], None]
"""Makes the tables, and the records of each model by their names."""


def main(prepare: Prepare, variants: dict[str, Variant]) -> None:
    """`peer.py VARIANT OLD NEW CATALOGS FOLDER`: import the old workbook, then time the new one."""
    variant, old, new, catalogs, folder = sys.argv[1:]
    prepare(Path(folder), json.loads(catalogs))
    act = variants[variant]
    act(Path(old))
    began = time.perf_counter()
    told: dict[str, Any] = {**act(Path(new)), "seconds": 0.0}
    told["seconds"] = time.perf_counter() - began
    print(json.dumps(told))
