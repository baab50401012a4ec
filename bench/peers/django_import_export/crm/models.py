"""The peer's own tables: customers with the fields of the workbook, and what they refer to."""

from __future__ import annotations

import columns
from django.db import models


def _catalog(name: str) -> type[models.Model]:
    named = {"name": models.CharField(max_length=255, unique=True)}
    return type(name, (models.Model,), {"__module__": __name__, **named})


CATALOGS = {target: _catalog(target) for target, _heading in columns.REFS.values()}


def _ref(target: str) -> models.ForeignKey:
    return models.ForeignKey(CATALOGS[target], models.PROTECT, null=True)


class Customer(models.Model):
    """A customer with the fields of the workbook."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=32)
    owner = _ref("User")
    customer_type = _ref("CustomerType")
    sales_group = _ref("SalesGroup")
    channel = _ref("SalesChannel")
    source = _ref("CustomerSource")
    industry = _ref("Industry")
    company_size = _ref("CompanySize")
    status = _ref("CustomerStatus")
    tier = _ref("CustomerTier")
    tax_code = models.CharField(max_length=14, null=True)
    phone = models.CharField(max_length=32, null=True)
    email = models.CharField(max_length=254, null=True)
    website = models.CharField(max_length=255, null=True)
    address = models.CharField(max_length=500, null=True)
    province = models.CharField(max_length=64, null=True)
    birthday = models.DateField(null=True)
    note = models.TextField(null=True)
