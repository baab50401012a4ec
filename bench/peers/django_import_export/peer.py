"""django-import-export: `bulk` as its documentation shows, `cached` with all that makes it fast.

It writes the customers only: a contact in the same row is beyond it. Cells are stored as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection

sys.path.insert(0, str(Path(__file__).parents[1]))

import columns

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{sys.argv[-1]}/peer.db",
            "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"},
        }
    },
    INSTALLED_APPS=["import_export", "crm"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from crm.models import CATALOGS, Customer  # noqa: E402 - needs the settings
from import_export import fields, resources, widgets  # noqa: E402 - they, too
from import_export.formats.base_formats import XLSX  # noqa: E402 - they, too
from import_export.instance_loaders import CachedInstanceLoader  # noqa: E402 - they, too


def _fields(widget: type[widgets.ForeignKeyWidget]) -> dict[str, fields.Field]:
    made = {name: fields.Field(name, heading) for name, heading in columns.PLAIN.items()}
    made["birthday"] = fields.Field("birthday", columns.BIRTHDAY, widgets.DateWidget())
    for name, (target, heading) in columns.REFS.items():
        made[name] = fields.Field(name, heading, widget(CATALOGS[target], "name"))
    return made


class _Options:
    model = Customer
    import_id_fields = ("code",)
    fields = tuple(f.name for f in Customer._meta.fields if f.name != "id")
    use_bulk = True
    use_transactions = True


class _CachedOptions(_Options):
    instance_loader_class = CachedInstanceLoader
    skip_diff = True
    skip_html_diff = True
    report_skipped = False
    batch_size = None  # Django's own choice, a little quicker than any number


Bulk = type(
    "Bulk", (resources.ModelResource,), {"Meta": _Options, **_fields(widgets.ForeignKeyWidget)}
)
Cached = type(
    "Cached",
    (resources.ModelResource,),
    {"Meta": _CachedOptions, **_fields(widgets.CachedForeignKeyWidget)},
)


def prepare(_folder: Path, catalogs: dict[str, list[str]]) -> None:
    """Make the tables, and the records that customers refer to."""
    with connection.schema_editor() as editor:
        for model in (*CATALOGS.values(), Customer):
            editor.create_model(model)
    for target, names in catalogs.items():
        CATALOGS[target].objects.bulk_create(CATALOGS[target](name=name) for name in names)


def run(resource: Any, path: Path) -> dict[str, int]:
    """Import the customers of a workbook."""
    dataset = XLSX().create_dataset(path.read_bytes())
    result = resource().import_data(dataset, raise_errors=True)
    return {"created": result.totals["new"], "updated": result.totals["update"]}


if __name__ == "__main__":
    columns.main(
        prepare, {"bulk": lambda path: run(Bulk, path), "cached": lambda path: run(Cached, path)}
    )
