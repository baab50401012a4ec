"""No limit cuts in silence. Every place where the code stops at a number is named here with what
becomes of the rest; one that is added and not named fails, and so does one that is gone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

import limits_of_code


class Rest(Enum):
    """What becomes of what is beyond a limit."""

    SAID = auto()
    """It is left out, and the page (the workbook, the command) says so and how to have the rest."""
    REFUSED = auto()
    """Nothing is done, and the message says what the limit is."""
    SHOWN = auto()
    """Only the first are listed, with how many more there are, or a way to all of them."""
    COST = auto()
    """Nothing is left out for anybody: what is beyond is done in the next part or in a slower way,
    cannot be what is looked for, or was never more than a hint."""


OF_PYTHON: Mapping[Rest, str] = {
    Rest.SAID: """
        core/list_state.py MAX_QUERY
        core/list_state.py MAX_VALUES
        core/list_state.py [:MAX_VALUES]
        core/search/conditions.py MOST_WORDS
        core/search/conditions.py [:MOST_WORDS]
        core/text/base.py [:4]
        core/text/base.py [:SHOWN_LENGTH]
        core/migrating/rows.py LONGEST
        core/migrating/rows.py [:LONGEST]
        imports/mapping_page.py [:SAMPLES]
        imports/pipeline/preview.py MOST_UNKNOWN
        imports/template.py LONGEST_LIST
        imports/template.py [:LONGEST_LIST]
        imports/template.py limit(LONGEST_LIST)
        imports/template.py MOST_ROWS
        imports/template.py islice(MOST_ROWS)
        imports/views/lines.py MOST_REASONED
        spreadsheets/cell.py [:CELL_LENGTH]
        """,
    Rest.REFUSED: """
        access/headers.py LONGEST_HOST
        access/headers.py LONGEST_LABEL
        access/passwords.py LONGEST
        access/questions.py LIMITS
        access/saved_views.py LONGEST_NAME
        access/saved_views.py LONGEST_QUERY
        access/saved_views.py MOST
        access/services.py LONGEST_NAME
        access/signin.py LONGEST_LOGIN
        access/signin.py [:LONGEST]
        access/signin.py [:LONGEST_LOGIN]
        access/throttle.py LIMIT
        access/throttle.py LIMIT_OF_NAME
        access/throttle.py LIMIT_OF_PAIR
        access/throttle.py LIMIT_OF_PAIR_IN_A_CROWD
        cli/server.py LONGEST_LINE
        cli/worker.py MOST_THREADS
        core/exports.py MOST_ROWS
        core/indexes.py LONGEST
        core/kinds/email.py LONGEST
        core/marks.py MOST
        core/marks.py [:MOST]
        core/marks.py [:_LONGEST]
        core/marks.py _LONGEST
        core/merging.py LONGEST
        core/outside.py LONGEST_QUERY
        core/outside.py LONGEST_WORDS
        core/outside.py [:4]
        core/outside.py MOST_IDS
        core/outside.py MOST_PARAMETERS
        core/redirects.py LONGEST
        core/settings.py LONGEST_NUMBER
        core/stored.py DEEPEST
        core/text/dates.py _LONGEST
        core/text/emails.py _LONGEST
        core/text/phones.py _LONGEST
        core/text/phones.py _LONGEST_E164
        core/text/phones.py [:1000]
        core/text/plain.py [:100]
        core/text/provinces.py _LONGEST
        core/text/tax_codes.py [:_LONGEST]
        core/text/tax_codes.py _LONGEST
        customers/views/pages.py MOST_CONTACTS
        groups/drafts.py MOST_TYPED
        groups/drafts.py [:MOST_TYPED]
        groups/paste.py LONGEST
        groups/paste.py MOST_LINES
        imports/pipeline/ledger.py [:KEY_LENGTH]
        imports/reader/frames.py MAX_FRAME_BYTES
        imports/reader/xlsb.py _MOST_RECORDS
        imports/reader/xmlrows.py MOST_ERRORS
        imports/reader/xmlrows.py _MOST_BYTES
        imports/reader/xmlrows.py _MOST_DEPTH
        seeding/services.py MOST_CUSTOMERS
        seeding/services.py MOST_GROUPS
        """,
    Rest.SHOWN: """
        admin/filter_options.py MOST_COMMON
        admin/filter_options.py MOST_READ
        admin/filter_options.py MOST_SHOWN
        admin/filter_options.py [:MOST_COMMON]
        admin/filter_options.py [:MOST_SHOWN]
        admin/list.py [:4]
        catalogs/queries.py MOST_NEAR
        catalogs/queries.py [:MOST_NEAR]
        core/facets.py limit(COUNT_CAP)
        core/facets.py MOST_LOOKED_AT
        core/facets.py limit(MOST_LOOKED_AT)
        core/facets.py MOST_PARTS
        admin/filter_options.py [:MOST_PARTS]
        core/listing.py limit(COUNT_CAP)
        core/options.py LIMIT
        core/options.py limit(LIMIT)
        customers/queries.py MOST_DUPLICATES
        customers/queries.py [:MOST_DUPLICATES]
        customers/queries.py limit(MOST_DUPLICATES)
        customers/views/bulk.py MOST_LINES
        customers/views/pages.py MOST_NAMED
        groups/conflicts.py limit(FIRST_NAMES)
        groups/views/acts.py [:NAME_LENGTH]
        groups/views/halves.py [:FIRST]
        groups/views/paste.py MOST_SHOWN
        imports/common.py [:255]
        imports/mapping_page.py islice(CHOICES)
        imports/pipeline/ledger.py [:RECENT]
        imports/report.py limit(_CHANGED_SHOWN)
        imports/services.py [:255]
        imports/source.py [:HEAD_CELLS]
        imports/undo/job.py MOST_NAMED
        imports/undo/job.py [:MOST_NAMED]
        imports/undo/preview.py MOST_LINES
        imports/undo/preview.py [:MOST_LINES]
        imports/undo/preview.py limit(MOST_LINES)
        imports/views/history.py MOST_NEWS
        imports/views/history.py [:MOST_NEWS]
        imports/views/history.py [:PER_PAGE]
        imports/views/lines.py [:WIDE]
        imports/views/mapping.py [:SHOWN_VALUES]
        jobs/services.py MOST_NEWS
        jobs/services.py limit(MOST_NEWS)
        panel/dashboard.py MOST_PARTS
        panel/dashboard.py [:MOST_PARTS]
        panel/errors.py MOST_NAMED
        panel/errors.py [:MOST_NAMED]
        panel/palette.py MOST_CUSTOMERS
        panel/palette.py MOST_OF_ONE
        panel/palette.py MOST_PAGES
        panel/palette.py MOST_RECORDS
        panel/palette.py [:MOST_PAGES]
        panel/palette.py [:MOST_RECORDS]
        spreadsheets/book.py MOST_COMMENTS
        spreadsheets/book.py [:27]
        spreadsheets/book.py [:31]
        spreadsheets/parts.py [:225]
        spreadsheets/parts.py [:32]
        """,
    Rest.COST: """
        access/password_rules.py [:LOOKED_AT]
        access/saved_views.py LONGEST_KEY
        access/saved_views.py [:LONGEST_KEY]
        catalogs/queries.py MOST_LOOKED_AT
        catalogs/queries.py limit(MOST_LOOKED_AT)
        cli/backup.py LONGEST
        cli/imports.py [:16]
        core/exports.py limit(BATCH)
        core/field_names.py limit(BLOCK)
        core/many.py limit(BLOCK)
        core/orders.py MOST_EXACT
        core/orders.py limit(MOST_EXACT)
        core/private_files.py [:100]
        core/text/folding.py _LONGEST_KEPT
        core/text/order.py [:4]
        core/text/order.py [:SORT_KEY_LENGTH]
        core/text/order.py [:_LETTERS_KEPT]
        core/text/order.py _MOST_RANGES
        core/text/phones.py [:3]
        core/text/phones.py [:4]
        core/search/texts.py limit(BLOCK)
        groups/saving.py limit(FEW)
        groups/views/members.py [:60]
        imports/error_workbook.py MOST_KNOWN
        imports/error_workbook.py limit(ROWS_AT_ONCE)
        imports/forgetting.py limit(BLOCK)
        imports/pipeline/plan/contacts.py [:_FEW]
        imports/reader/packing.py islice(CHUNK_ROWS)
        imports/reader/parent.py islice(HEAD_ROWS)
        imports/reader/textfile.py islice(_SAMPLE_ROWS)
        imports/reader/xmlrows.py LONGEST_TEXT
        imports/reader/xmlrows.py [:LONGEST_TEXT]
        imports/reader/xmlrows.py _LONGEST_START
        imports/report.py limit(_ROWS_AT_ONCE)
        imports/template_data.py limit(BATCH)
        imports/undo/preview.py limit(ROWS_AT_ONCE)
        imports/undo/rows.py limit(BLOCK)
        imports/undo/values.py MOST_SETS
        jobs/work.py MOST_ATTEMPTS
        jobs/work.py [:500]
        jobs/work.py [:80]
        jobs/worker.py MOST_FOUND
        jobs/worker.py limit(MOST_FOUND)
        spreadsheets/book.py islice(_BLOCK)
        """,
}

OF_SCRIPTS: Mapping[Rest, str] = {
    Rest.SAID: "ticks.js MOST",
    Rest.SHOWN: """
        quick.js MOST_RECENT
        quick.js slice(0, MOST_RECENT)
        quick.js slice(0, MOST_RECENT + 1)
        columns.js MOST
        """,
    Rest.COST: """
        hx.js MARKS_OF_A_HEADER
        hx.js slice(0, MARKS_OF_A_HEADER)
        """,
}


def named(kinds: Mapping[Rest, str]) -> set[str]:
    return {line.strip() for lines in kinds.values() for line in lines.splitlines() if line.strip()}


def test_every_limit_of_the_code_says_what_becomes_of_the_rest() -> None:
    found, told = limits_of_code.found(), named(OF_PYTHON)
    assert found - told == set(), "say in OF_PYTHON what becomes of what is beyond these"
    assert told - found == set(), "these are gone"


def test_every_limit_of_the_scripts_says_what_becomes_of_the_rest() -> None:
    found, told = limits_of_code.found_in_scripts(), named(OF_SCRIPTS)
    assert found - told == set(), "say in OF_SCRIPTS what becomes of what is beyond these"
    assert told - found == set(), "these are gone"


def test_a_limit_is_named_once() -> None:
    for kinds in (OF_PYTHON, OF_SCRIPTS):
        lines = [line.strip() for lines in kinds.values() for line in lines.splitlines()]
        lines = [line for line in lines if line]
        assert len(lines) == len(set(lines))
