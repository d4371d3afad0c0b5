import pytest
from django.template.loader import render_to_string

from intake.reports import charts


def minutes(value):
    return f"{value} min"


def one(_value):
    return 1


def test_horizontal_bars_are_as_long_as_their_numbers_and_leave_room_for_them():
    chart = charts.horizontal_bars(
        "Title", "Summary", [("a", 10, "10"), ("b", 5, "5"), ("c", 0, "0"), ("d", None, "under 5")]
    )
    assert [bar.width for bar in chart.bars] == ["78.00%", "39.00%", "0.00%", "0.00%"]
    assert [(bar.y, bar.height) for bar in chart.bars] == [(0, 46), (46, 46), (92, 46), (138, 46)]
    assert chart.height == 184


def test_columns_stand_on_the_same_line_side_by_side():
    chart = charts.columns("Title", "Summary", [("a", 4, "4"), ("b", 1, "1"), ("c", None, "under 5")], step=2)
    assert [bar.y + bar.height for bar in chart.bars] == [chart.plot_end] * 3
    assert [bar.height for bar in chart.bars] == [160, 40, 0]
    assert [bar.x for bar in chart.bars] == ["4.00%", "37.33%", "70.67%"]
    assert [bar.has_label for bar in chart.bars] == [True, False, True]
    assert [(mark.y, mark.text) for mark in chart.marks] == [(92, "2"), (12, "4")]


def test_a_line_has_a_gap_where_there_is_no_value():
    chart = charts.lines("T", "S", ["a", "b", "c", "d"], [("x", "circle", [10, 20, None, 5])], one, minutes)
    (line,) = chart.lines
    assert [(dot.x, dot.y) for dot in line.dots] == [("12.50%", 92.0), ("37.50%", 12.0), ("87.50%", 132.0)]
    assert [(begin.x, end.x) for begin, end in line.strokes] == [("12.50%", "37.50%")]
    assert [mark.text for mark in chart.marks] == ["10 min", "20 min"]


def test_the_marks_of_a_line_chart_are_round_in_its_unit():
    def hours(value):
        return f"{value / 60:g} h"

    chart = charts.lines("T", "S", ["a"], [("x", "circle", [291])], lambda _most: 60, hours)
    assert [mark.text for mark in chart.marks] == ["3 h", "6 h"]


def test_few_names_stand_below_a_line_chart_however_many_there_are():
    names = [str(number) for number in range(53)]
    chart = charts.lines("T", "S", names, [("x", "circle", [1] * 53)], one, minutes)
    assert [text for _x, text in chart.labels] == ["0", "9", "18", "27", "36", "45"]


@pytest.mark.parametrize("entries", [[], [("a", 0, "0")], [("a", None, "under 5")]])
def test_a_chart_of_nothing_is_drawn_all_the_same(entries):
    assert len(charts.horizontal_bars("T", "S", entries).bars) == len(entries)
    assert len(charts.columns("T", "S", entries, step=1).bars) == len(entries)


def test_lines_of_nothing_are_drawn_all_the_same():
    chart = charts.lines("T", "S", ["a"], [("x", "circle", [None])], one, minutes)
    assert (chart.lines[0].dots, chart.lines[0].strokes) == ((), ())


@pytest.mark.parametrize(
    "chart",
    [
        charts.horizontal_bars("How many", "The most is <b>9</b>.", [("a & b", 9, "9"), ("c", None, "under 5")]),
        charts.columns("How many", "The most is <b>9</b>.", [("a & b", 9, "9"), ("c", None, "under 5")], step=1),
        charts.lines("How many", "The most is <b>9</b>.", ["a & b"], [("s", "square", [9])], one, minutes),
    ],
    ids=["lying bars", "columns", "lines"],
)
def test_a_drawn_chart_is_named_and_described_and_holds_no_style_and_no_script(chart):
    drawn = render_to_string("admin/intake/reports_chart.html", {"chart": chart, "key": "k"})
    assert 'role="img"' in drawn
    assert 'aria-labelledby="k-title k-desc"' in drawn
    assert '<title id="k-title">How many</title>' in drawn
    assert '<desc id="k-desc">The most is &lt;b&gt;9&lt;/b&gt;.</desc>' in drawn
    assert "a &amp; b" in drawn
    assert [word for word in ("style=", "<script", "<b>", "fill=", "stroke=") if word in drawn] == []


def test_what_may_not_be_shown_has_a_mark_of_its_own_and_no_length():
    chart = charts.horizontal_bars("T", "S", [("a", 9, "9"), ("b", None, "under 5")])
    drawn = render_to_string("admin/intake/reports_chart.html", {"chart": chart, "key": "k"})
    assert drawn.count('class="hidden-bar"') == 1
    assert "under 5" in drawn
