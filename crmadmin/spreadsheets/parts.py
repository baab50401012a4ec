"""The parts of a workbook beside its rows: styles, comments, lists, the table of contents.

Plain XML as texts; `book` puts them into the zip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape, quoteattr

GENERAL, TEXT, WHOLE, GROUPED = "General", "@", "0", "#,##0"
DATE, MOMENT, TIME = "dd/mm/yyyy", "dd/mm/yyyy hh:mm", "hh:mm:ss"
"""Number formats: `@` keeps what is typed as text, zeros in front and all."""

_FORMATS = {GENERAL: 0, TEXT: 49, WHOLE: 1, GROUPED: 3, DATE: 164, MOMENT: 165, TIME: 166}
"""Format → its number in the workbook; those below 164 are Excel's own."""

_KINDS = tuple(_FORMATS)
_QUOTED = 2 * len(_KINDS)
HEADING, WRAPPED = _QUOTED + 2, _QUOTED + 3

HEADING_FILL, BAD_FILL = "FFE8EEF7", "FFFCE1E1"

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@cache
def style(format_: str, *, bad: bool = False, quoted: bool = False) -> int:
    """The number of a cell's style. A quoted text stays one when its cell is edited."""
    if quoted:
        return _QUOTED + bad
    return 2 * _KINDS.index(format_) + bad


def column_letters(index: int) -> str:
    """The letters that Excel shows above a column: 0 is A, 26 is AA."""
    letters = ""
    while index >= 0:
        index, digit = divmod(index, 26)
        letters = chr(ord("A") + digit) + letters
        index -= 1
    return letters


@dataclass
class SheetPart:
    """One sheet as the rest of the workbook refers to it; `number` counts from 1."""

    number: int
    title: str
    hidden: bool = False
    has_comments: bool = False

    @property
    def path(self) -> str:
        """Where it lies in the zip."""
        return f"xl/worksheets/sheet{self.number}.xml"


def sheet_head(columns: Sequence[tuple[float, int]], *, is_frozen: bool) -> str:
    """What stands before the rows: the view and the columns, as (width, style)."""
    pane = (
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/>'
    )
    cols = "".join(
        f'<col min="{n}" max="{n}" width="{width + 0.7:.1f}" style="{number}" customWidth="1"/>'
        for n, (width, number) in enumerate(columns, 1)
    )
    cols = f"<cols>{cols}</cols>" if cols else ""
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheetViews>'
        f'<sheetView workbookViewId="0">{pane if is_frozen else ""}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/>{cols}<sheetData>'
    )


def sheet_tail(offers: Sequence[tuple[str, str, str, str]], *, has_comments: bool) -> str:
    """What stands after the rows: the drop-down lists, and where the comments are."""
    lists = "".join(
        '<dataValidation type="list" errorStyle="warning" allowBlank="1" showErrorMessage="1"'
        f" errorTitle={quoteattr(title[:32])} error={quoteattr(words[:225])}"
        f' sqref="{where}"><formula1>{escape(values)}</formula1></dataValidation>'
        for where, values, title, words in offers
    )
    if lists:
        lists = f'<dataValidations count="{len(offers)}">{lists}</dataValidations>'
    drawing = '<legacyDrawing r:id="rId1"/>' if has_comments else ""
    margins = (
        '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
    )
    return f"</sheetData>{lists}{margins}{drawing}</worksheet>"


def comments(
    part: SheetPart, found: Sequence[tuple[int, int, str]], width: int
) -> Iterator[tuple[str, str]]:
    """The comments of a sheet, (row from 1, column from 0, words as XML), in three parts."""
    if not found:
        return
    number = part.number
    yield f"xl/comments{number}.xml", _comment_texts(found)
    yield f"xl/drawings/vmlDrawing{number}.vml", _comment_boxes(found, number, width)
    yield (
        f"xl/worksheets/_rels/sheet{number}.xml.rels",
        _relations(
            (f"{_OFFICE}/vmlDrawing", f"../drawings/vmlDrawing{number}.vml"),
            (f"{_OFFICE}/comments", f"../comments{number}.xml"),
        ),
    )


def _comment_texts(found: Sequence[tuple[int, int, str]]) -> str:
    listed = "".join(
        f'<comment ref="{column_letters(column)}{row}" authorId="0"><text><r><rPr><sz val="9"/>'
        f'<rFont val="Tahoma"/><family val="2"/></rPr><t xml:space="preserve">{words}</t></r>'
        "</text></comment>"
        for row, column, words in found
    )
    return (
        f'{_XML}<comments xmlns="{_MAIN}"><authors><author>CRM+</author></authors>'
        f"<commentList>{listed}</commentList></comments>"
    )


def _comment_boxes(found: Sequence[tuple[int, int, str]], sheet: int, width: int) -> str:
    """The boxes that comments stand in: without them Excel finds the file damaged."""
    boxes = "".join(
        f'<v:shape id="_x0000_s{sheet * 16384 + n}" type="#_x0000_t202" style="position:absolute;'
        'margin-left:60pt;margin-top:2pt;width:210pt;height:90pt;z-index:1;visibility:hidden"'
        ' fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        '<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"/><x:ClientData ObjectType="Note">'
        f"<x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{_anchor(row - 1, column)}</x:Anchor>"
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row - 1}</x:Row><x:Column>{column}</x:Column>"
        "</x:ClientData></v:shape>"
        for n, (row, column, _words) in enumerate(found, 1)
    )
    maps = ",".join(str(sheet * 16 + n) for n in range(1 + len(found) // 1024))
    return (
        '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:'
        'office" xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
        f'<o:idmap v:ext="edit" data="{maps}"/></o:shapelayout><v:shapetype id="_x0000_t202"'
        ' coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke'
        ' joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
        f"{boxes}</xml>"
    )


def _anchor(row: int, column: int) -> str:
    """Left column, offset, top row, offset, right column, offset, bottom row, offset."""
    top = max(row - 1, 0)
    return f"{column + 1}, 15, {top}, 4, {column + 3}, 40, {top + 5}, 10"


def _relations(*found: tuple[str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(found, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def workbook(sheets: Sequence[SheetPart]) -> Iterator[tuple[str, str]]:
    """The parts that name the others."""
    listed = "".join(
        f'<sheet name={quoteattr(s.title)} sheetId="{s.number}"'
        f'{" state=" + quoteattr("hidden") if s.hidden else ""} r:id="rId{s.number}"/>'
        for s in sheets
    )
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/>'
        f"</bookViews><sheets>{listed}</sheets></workbook>",
    )
    targets = [(f"{_OFFICE}/worksheet", s.path.removeprefix("xl/")) for s in sheets]
    targets.append((f"{_OFFICE}/styles", "styles.xml"))
    yield "xl/_rels/workbook.xml.rels", _relations(*targets)
    yield "xl/styles.xml", _styles()
    yield "_rels/.rels", _relations((f"{_OFFICE}/officeDocument", "xl/workbook.xml"))
    yield "[Content_Types].xml", _content_types(sheets)


def _content_types(sheets: Sequence[SheetPart]) -> str:
    named = [
        ("/xl/workbook.xml", f"{_TYPE}.sheet.main+xml"),
        ("/xl/styles.xml", f"{_TYPE}.styles+xml"),
    ]
    named += [(f"/{s.path}", f"{_TYPE}.worksheet+xml") for s in sheets]
    named += [
        (f"/xl/comments{s.number}.xml", f"{_TYPE}.comments+xml") for s in sheets if s.has_comments
    ]
    listed = "".join(f'<Override PartName="{n}" ContentType="{kind}"/>' for n, kind in named)
    return (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="vml"'
        f' ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>{listed}</Types>'
    )


def _styles() -> str:
    own = "".join(
        f'<numFmt numFmtId="{n}" formatCode={quoteattr(f)}/>'
        for f, n in _FORMATS.items()
        if n >= 164
    )
    fills = "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="{color}"/></patternFill></fill>'
        for color in (HEADING_FILL, BAD_FILL)
    )
    fonts = "".join(
        f'<font>{bold}<sz val="11"/><name val="Calibri"/><family val="2"/></font>'
        for bold in ("", "<b/>")
    )
    xfs = [_xf(_FORMATS[f], bad=bad) for f in _KINDS for bad in (False, True)]
    xfs += [_xf(_FORMATS[TEXT], bad=bad, more=' quotePrefix="1"') for bad in (False, True)]
    heading = ' fontId="1" fillId="2" applyFont="1" applyFill="1"'
    xfs.append(f'<xf numFmtId="49" borderId="0" xfId="0" applyNumberFormat="1"{heading}/>')
    xfs.append(
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"'
        ' applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
    )
    return (
        f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="3">{own}</numFmts>'
        f'<fonts count="2">{fonts}</fonts><fills count="4"><fill><patternFill patternType="none"/>'
        f'</fill><fill><patternFill patternType="gray125"/></fill>{fills}</fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        "</cellStyleXfs>"
        f'<cellXfs count="{len(xfs)}">{"".join(xfs)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )


def _xf(number: int, *, bad: bool, more: str = "") -> str:
    fill = 'fillId="3" applyFill="1"' if bad else 'fillId="0"'
    return (
        f'<xf numFmtId="{number}" fontId="0" {fill} borderId="0" xfId="0"'
        f' applyNumberFormat="1"{more}/>'
    )
