"""Writes a notice as a PDF of A4 pages, the same bytes for the same notice.

The type is DejaVu Sans (fonts/), which has the letters of most alphabets; what it lacks is shown as an empty box.
"""

from datetime import datetime
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from earful.flows.messages import clean
from earful.flows.messages.notice import Item, Notice, Section

FONTS = Path(__file__).parent / "fonts"
INK, FAINT, LINE, LINK = (34, 48, 60), (90, 101, 114), (227, 231, 235), (27, 94, 150)
TONES = {"bad": (196, 80, 10), "good": (27, 117, 188), "plain": (107, 118, 131)}
MARGIN, VALUE = 18.0, 24.0  # millimetres: of the page, and of the column of figures


def write(notice: Notice, picture: bytes, made: datetime) -> bytes:
    """Writes the whole document; `picture` is its chart as PNG, `made` the time that the document bears."""
    sheet = _Sheet(notice)
    sheet.set_creation_date(made)
    sheet.add_page()
    sheet.set_draw_color(*TONES[notice.tone])
    sheet.set_line_width(1.2)
    sheet.line(MARGIN, 12, 210 - MARGIN, 12)
    _text(sheet, notice.title, 15, bold=True, below=2)
    _text(sheet, " ".join(notice.lead[:1]), 10, below=1)
    _text(sheet, " ".join(notice.lead[1:]), 10, below=3)
    if picture:
        sheet.image(BytesIO(picture), w=210 - 2 * MARGIN, alt_text=notice.chart_says)
        sheet.ln(2)
    for section in notice.sections:
        _section(sheet, section)
    sheet.ln(4)
    for link in notice.links:
        _text(sheet, f"{link.label}: {link.url}", 8, colour=LINK, link=link.url)
    _text(sheet, notice.foot, 8, colour=FAINT)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """A document with page numbers; FPDF asks for a class where a page has a foot."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(format="A4")
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)
        self.set_title(_shown(notice.title))
        self.set_lang("en")
        self.add_font("text", "", FONTS / "DejaVuSans.ttf")
        self.add_font("text", "B", FONTS / "DejaVuSans-Bold.ttf")

    def footer(self) -> None:
        """Numbers the page."""
        self.set_y(-12)
        self.set_font("text", "", 8)
        self.set_text_color(*FAINT)
        self.cell(0, 5, f"{self.page_no()}", align="R")


def _section(sheet: _Sheet, section: Section) -> None:
    if sheet.will_page_break(22):  # a heading does not stand alone at the foot of a page
        sheet.add_page()
    sheet.ln(3)
    note = f"   {section.note}" if section.note else ""
    _text(sheet, section.title, 11, bold=True, below=1, beside=note)
    figures = any(item.value for item in section.items)
    for item in section.items:
        _item(sheet, item, VALUE if figures else 0.0)


def _item(sheet: _Sheet, item: Item, indent: float) -> None:
    if sheet.will_page_break(14):
        sheet.add_page()
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.2)
    sheet.line(MARGIN, sheet.get_y(), 210 - MARGIN, sheet.get_y())
    sheet.ln(0.8)
    if item.value:
        sheet.set_font("text", "B", 9)
        sheet.set_text_color(*INK)
        sheet.cell(indent, 5, _shown(item.value), new_x=XPos.LMARGIN, new_y=YPos.TOP)
    _text(sheet, f"“{item.text}”" if item.quoted else item.text, 9, indent=indent)
    detail = " · ".join(part for part in (item.detail, item.leads_to) if part)
    _text(sheet, detail, 7.5, colour=FAINT, indent=indent, below=0.8, link=item.url)


def _text(
    sheet: _Sheet,
    text: str,
    size: float,
    bold: bool = False,
    colour: tuple[int, int, int] = INK,
    indent: float = 0.0,
    below: float = 0.0,
    link: str = "",
    beside: str = "",
) -> None:
    if not text:
        return
    sheet.set_font("text", "B" if bold else "", size)
    sheet.set_text_color(*colour)
    sheet.set_x(MARGIN + indent)
    if beside:
        sheet.cell(text=_shown(text), h=size * 0.5)
        sheet.set_font("text", "", 8)
        sheet.set_text_color(*FAINT)
        sheet.cell(text=_shown(beside), h=size * 0.5, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    else:
        height = size * 0.5
        sheet.multi_cell(0, height, _shown(text), align="L", link=link, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(below) if below else None


def _shown(text: str) -> str:
    """Gives the words as they are: a PDF knows no markup in them, and viewers make links of no word with a joiner."""
    return clean.harmless(text).replace(clean.JOINER, "\u200b")
