"""`flask crm …`: the commands. Each module here is one group of them."""

from crmadmin.cli.commands import init_app

__all__ = ["init_app"]
