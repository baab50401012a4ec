"""Whether a customer has a contact already. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmadmin.core.text import email_key, name_key

_FEW = 4


class ContactIndex:
    """The contacts of one customer, in the system and in the file so far.

    Two contacts are the same when their phones are equal; where one of them has no phone, when
    their emails are; where that cannot be compared either, when their names are. Looking one up
    takes the same time however many there are.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()
        self.added: list[Mapping[str, object]] = []
        # Most customers never get a second one to be compared with: keys are made when needed.
        self._indexed = 0

    @property
    def count(self) -> int:
        """How many contacts the customer has."""
        return len(self.added)

    def __contains__(self, contact: Mapping[str, object]) -> bool:
        if not self.added:
            return False
        number = contact.get("phone")
        if number and any(there.get("phone") == number for there in self.added[:_FEW]):
            return True  # the usual case of a file that comes again
        self._index()
        phone, email, name = _parts(contact)
        if phone and ("phone", phone) in self._seen:
            return True
        # Two phones that differ settle the matter: then only contacts without one are compared.
        phones = ("",) if phone else ("", "phone")
        if email and any(("email", p, email) in self._seen for p in phones):
            return True
        emails = ("",) if email else ("", "email")
        return any(("name", p, e, name) in self._seen for p in phones for e in emails)

    def add(self, contact: Mapping[str, object]) -> None:
        """Take note of a contact."""
        self.added.append(contact)

    def _index(self) -> None:
        for contact in self.added[self._indexed :]:
            self._seen.update(_keys(contact))
        self._indexed = len(self.added)


def _keys(contact: Mapping[str, object]) -> list[tuple[str, ...]]:
    """What a contact is found by: emails with whether it has a phone, names with both."""
    phone, email, name = _parts(contact)
    keys: list[tuple[str, ...]] = []
    has_phone, has_email = "phone" if phone else "", "email" if email else ""
    if phone:
        keys.append(("phone", phone))
    if email:
        keys.append(("email", has_phone, email))
    if name:
        keys.append(("name", has_phone, has_email, name))
    return keys


def _parts(contact: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        contact.get("phone") or "",
        email_key(contact.get("email") or ""),
        name_key(contact.get("name") or ""),
    )
