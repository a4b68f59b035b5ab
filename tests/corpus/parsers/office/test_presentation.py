"""PPTX: a slide is a page with its title as heading, lists, tables, charts and notes."""

import io

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document

pptx = pytest.importorskip("pptx")

LIMIT = 2**25


@pytest.fixture(scope="module")
def parsed():
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Cm

    presentation = pptx.Presentation()
    presentation.core_properties.title = "The station"
    layouts = presentation.slide_layouts
    slide = presentation.slides.add_slide(layouts[1])
    slide.shapes.title.text = "Start of the pump"
    frame = slide.placeholders[1].text_frame
    frame.text = "Open the valve."
    inner = frame.add_paragraph()
    inner.text, inner.level = "Slowly.", 1
    slide.notes_slide.notes_text_frame.text = "Ask about the valve."
    slide = presentation.slides.add_slide(layouts[5])
    slide.shapes.title.text = "Figures"
    table = slide.shapes.add_table(3, 3, Cm(1), Cm(5), Cm(20), Cm(4)).table
    for row, texts in enumerate([("Hall", "Pump", "Flow"), ("North", "N-1", "6.3"), ("", "N-2", "8")]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    data = CategoryChartData()
    data.categories = ["2023", "2024"]
    data.add_series("Fees", (1.5, 2))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(10), Cm(9), Cm(5), data)
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Cm(1), Cm(16), Cm(5), Cm(1)).text_frame.text = "In a group."
    buffer = io.BytesIO()
    presentation.save(buffer)
    return parse_document(buffer.getvalue(), "a.pptx", LIMIT)


@pytest.mark.parametrize(
    "line",
    [
        "# Start of the pump", "- Open the valve.", "  - Slowly.", "Ask about the valve.", "# Figures",
        "| Hall | Pump | Flow |", "| North | N-1 | 6.3 |", "| North | N-2 | 8 |", "|  | Fees |", "| 2023 | 1.5 |",
        "In a group.",
    ],
)  # fmt: skip
def test_lines(parsed, line):
    assert line in parsed.text.splitlines()


def test_a_slide_is_a_page(parsed):
    assert "The station" in (parsed.title, *parsed.other_titles)
    assert parsed.text[parsed.pages[1] :].startswith("# Figures")


def test_a_broken_file_is_corrupt():
    from tests.corpus.parsers.packages import write_package

    with pytest.raises(ParseError) as caught:
        parse_document(write_package({"ppt/presentation.xml": "<p>"}), "a.pptx", LIMIT)
    assert caught.value.reason == "corrupt"
