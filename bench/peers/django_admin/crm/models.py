"""The tables of the product as unmanaged models: what a list needs."""

from __future__ import annotations

import asking
from django.db import models


class Status(models.Model):
    name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = asking.CATALOGS["status"]

    def __str__(self) -> str:
        return self.name


class SalesGroup(models.Model):
    name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = asking.CATALOGS["sales_group"]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = asking.CATALOGS["source"]

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = asking.CATALOGS["tier"]

    def __str__(self) -> str:
        return self.name


class Owner(models.Model):
    full_name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = "user"

    def __str__(self) -> str:
        return self.full_name


class Customer(models.Model):
    """A customer, as far as a list shows it, searches it and filters by it."""

    code = models.CharField(max_length=32)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=32)
    phone = models.CharField(max_length=32, null=True)
    email = models.CharField(max_length=254, null=True)
    tax_code = models.CharField(max_length=14, null=True)
    address = models.CharField(max_length=500, null=True)
    province = models.CharField(max_length=64, null=True)
    updated_at = models.DateTimeField()
    owner = models.ForeignKey(Owner, models.DO_NOTHING)
    status = models.ForeignKey(Status, models.DO_NOTHING, null=True)
    sales_group = models.ForeignKey(SalesGroup, models.DO_NOTHING, null=True)
    source = models.ForeignKey(Source, models.DO_NOTHING, null=True)
    tier = models.ForeignKey(Tier, models.DO_NOTHING, null=True)

    class Meta:
        managed = False
        db_table = "customer"

    def __str__(self) -> str:
        return self.name
