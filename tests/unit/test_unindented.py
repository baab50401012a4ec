"""Templates lose their indentation on the way to a page, and nothing else."""

from __future__ import annotations

from jinja2 import DictLoader, Environment
from markupsafe import Markup

from crmadmin.admin.markup import Unindented, lean


def drawn(source: str, **values: object) -> str:
    """What a template draws."""
    loader = DictLoader({"page": source})
    environment = Environment(loader=loader, extensions=[Unindented], autoescape=True)
    return environment.get_template("page").render(**values)


def test_indentation_goes_and_words_stay_apart() -> None:
    source = "<ul>\n  {% for n in names %}\n    <li>{{ n }}</li>\n  {% endfor %}\n</ul>"
    assert drawn(source, names=["a", "b"]) == "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
    source = "<b>a</b>\n{% if yes %}\n  <b>b</b>\n{% else %}{# no #}\n{% endif %}\n<b>c</b>"
    assert drawn(source, yes=True) == "<b>a</b>\n<b>b</b>\n<b>c</b>"
    assert drawn(source, yes=False) == "<b>a</b>\n<b>c</b>"


def test_what_a_template_prints_is_untouched() -> None:
    typed = "một\n   hai\n\n  ba"
    assert drawn("  <textarea>{{ typed }}</textarea>", typed=typed).endswith(f">{typed}</textarea>")


def test_lines_keep_their_numbers() -> None:
    source = "a\n{% if 1 %}\n  b\n{% endif %}\n  {{ 1 // 0 }}"
    try:
        drawn(source)
    except ZeroDivisionError as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        assert trace is not None
        assert trace.tb_lineno == 5


def test_rows_lose_end_tags_that_may_be_left_out_and_texts_lose_nothing() -> None:
    text = Markup.escape("</td>")
    assert lean(Markup("<td>{}</td><td></td></tr>").format(text)) == f"<td>{text}<td></tr>"
