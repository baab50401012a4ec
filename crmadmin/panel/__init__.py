"""The screens: Flask-Admin views generated from the declarations, and what surrounds them."""

from crmadmin.panel.build import init_app

__all__ = ["init_app"]
