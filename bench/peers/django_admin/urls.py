"""The site, with the list of customers."""

from __future__ import annotations

import asking
from crm.models import Customer
from django.contrib import admin
from django.urls import path


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    """The list of customers, the related names in the same statement."""

    list_display = asking.COLUMNS
    list_select_related = ("status", "sales_group", "source", "tier", "owner")
    list_filter = ("kind", "status")
    list_per_page = asking.PAGE
    ordering = ("-updated_at",)
    search_fields = asking.SEARCHED


urlpatterns = [path("admin/", admin.site.urls)]
