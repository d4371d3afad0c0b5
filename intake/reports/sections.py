"""The sections of a report. Each has a chart and a table with the same numbers; small numbers are hidden."""

from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from intake.models.assessment_request import BY_PHONE

from . import charts
from .figures import NEVER
from .small_numbers import FEW, HIDDEN, LEAST, shown

HOUR, DAY = 60, 24 * 60  # minutes


@dataclass(frozen=True)
class Section:
    """A section of a report.

    `key`: its id on the page. `rows`: a cell for each of `columns`; the first cell names the row.
    """

    key: str
    title: str
    intro: str
    chart: charts.Chart
    columns: list[str]
    rows: list[list[str]]


def sections_for(figures):
    """Return the sections of a report on these `Figures`."""
    return [*_weeks(figures), _hours(figures), _pages(figures), _outcomes(figures), _attempts(figures)]


def summary(waits):
    """Return the headline figures of `Waits` as (label, text) pairs.

    Below `LEAST` people, return only the count, as `FEW`.
    """
    if waits.count < LEAST:
        return [(_("Requests"), FEW)]
    return [
        (_("Requests"), str(waits.count)),
        (_("First contact in time"), waits.share_in_time),
        (_("Half had a first attempt within"), label_for_minutes(waits.median_to_attempt)),
        (_("9 of 10 had a first attempt within"), label_for_minutes(waits.ninetieth_to_attempt)),
        (_("Half had a conversation within"), label_for_minutes(waits.median_to_talk)),
        (_("9 of 10 had a conversation within"), label_for_minutes(waits.ninetieth_to_talk)),
    ]


def label_for_minutes(minutes):
    """Return a label for a duration. `NEVER` and None have labels of their own."""
    if minutes is None:
        return _("too few")
    if minutes is NEVER:
        return _("not yet")
    if minutes < 90:
        return _("%(count)s min") % {"count": minutes}
    if minutes < 2 * DAY:
        hours, rest = divmod(minutes, HOUR)
        if not rest:
            return _("%(hours)s h") % {"hours": hours}
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
    return _("%(days)s days") % {"days": f"{minutes / DAY:.1f}".removesuffix(".0")}


def _weeks(figures):
    """Return two sections by week: time to the first attempt, and time to the first conversation."""
    names = [date_format(week, "M j") for week, _waits in figures.by_week]
    waits = [waits for _week, waits in figures.by_week]
    counts = shown(wait.count for wait in waits)
    rows = _wait_rows(names, waits, counts)
    week, number, attempt_half, attempt_nine, talk_half, talk_nine, in_time = _("Week of"), *_wait_columns()
    attempts = _week_chart(_("Time to the first attempt, week by week"), names, waits, counts, "to_attempt")
    talks = _week_chart(_("Time to the first conversation, week by week"), names, waits, counts, "to_talk")
    intro = _("A week begins on Monday. A gap in a line means that too few people asked, or too many still wait.")
    return [
        Section(
            "weeks",
            attempts.title,
            intro,
            attempts,
            [week, number, attempt_half, attempt_nine, in_time],
            [[*row[:4], row[6]] for row in rows],
        ),
        Section(
            "weeks-to-talk",
            talks.title,
            intro,
            talks,
            [week, number, talk_half, talk_nine],
            [[*row[:2], *row[4:6]] for row in rows],
        ),
    ]


def _week_chart(title, names, waits, counts, what):
    """Return a line chart over weeks, with the median and the 90th percentile.

    `what` selects the attributes of `Waits`: "to_attempt" or "to_talk".
    """
    return charts.lines(
        title,
        _("Two lines over the weeks from %(first)s to %(last)s. Every value is in the table below.")
        % {"first": names[0], "last": names[-1]},
        names,
        [
            (_("Half waited at most this long"), "circle", _values(waits, counts, f"median_{what}")),
            (
                _("9 of 10 waited at most this long"),
                "square",
                _values(waits, counts, f"ninetieth_{what}"),
            ),
        ],
        _unit_of,
        label_for_minutes,
    )


def _hours(figures):
    names = [f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}" for hour, _waits in figures.by_hour]
    waits = [waits for _hour, waits in figures.by_hour]
    counts = shown(wait.count for wait in waits)
    title = _("When requests come in, by hour of the day")
    chart = charts.columns(title, _most(names, counts), _entries(names, counts), step=6)
    return Section(
        "hours",
        title,
        _("The hour in which the requests were sent, by the center's clock."),
        chart,
        [_("Hour from"), *_wait_columns()],
        _wait_rows(names, waits, counts),
    )


def _pages(figures):
    known = {"/": _("/ (home page)"), BY_PHONE: _("A phone call")}
    names = [known.get(name, name) for name, _waits in figures.by_page]
    waits = [waits for _name, waits in figures.by_page]
    counts = shown(wait.count for wait in waits)
    title = _("The page they came from")
    chart = charts.horizontal_bars(title, _most(names, counts), _entries(names, counts))
    return Section(
        "pages",
        title,
        _("The page of our site where they followed the link to the form. Unknown: they came another way."),
        chart,
        [_("Page"), *_wait_columns()],
        _wait_rows(names, waits, counts),
    )


def _outcomes(figures):
    return _counted("outcomes", _("How requests ended"), "", _("Outcome"), figures.by_outcome)


def _attempts(figures):
    return _counted(
        "attempts",
        _("Attempts until we spoke"),
        _("Our calls, texts, and emails up to the first conversation. A call from the person counts as one."),
        _("Attempts"),
        figures.by_attempts,
    )


def _counted(key, title, intro, heading, pairs):
    names, counts = [name for name, _count in pairs], shown(count for _name, count in pairs)
    chart = charts.horizontal_bars(title, _most(names, counts), _entries(names, counts))
    rows = [[name, _number(count)] for name, count in zip(names, counts, strict=True)]
    return Section(key, title, intro, chart, [heading, _("Requests")], rows)


def _wait_columns():
    return [
        _("Requests"),
        _("Half had a first attempt within"),
        _("9 of 10 had a first attempt within"),
        _("Half had a conversation within"),
        _("9 of 10 had a conversation within"),
        _("First contact in time"),
    ]


def _wait_rows(names, waits, counts):
    rows = []
    for name, wait, count in zip(names, waits, counts, strict=True):
        if not count or count in (FEW, HIDDEN):
            rows.append([name, _number(count), *[HIDDEN if count else "–"] * 5])
            continue
        times = [wait.median_to_attempt, wait.ninetieth_to_attempt, wait.median_to_talk, wait.ninetieth_to_talk]
        rows.append([name, _number(count), *map(label_for_minutes, times), wait.share_in_time])
    return rows


def _values(waits, counts, name):
    """Return the values to draw, in minutes. None for a hidden count, and for a value of `NEVER`."""
    values = [
        None if count in (FEW, HIDDEN) else getattr(wait, name) for wait, count in zip(waits, counts, strict=True)
    ]
    return [None if value is NEVER else value for value in values]


def _entries(names, counts):
    pairs = zip(names, counts, strict=True)
    return [(name, count if isinstance(count, int) else None, _number(count)) for name, count in pairs]


def _number(count):
    return number_format(count, force_grouping=True) if isinstance(count, int) else count


def _most(names, counts):
    """Return a one-sentence summary of a chart of counts."""
    known = [(count, name) for name, count in zip(names, counts, strict=True) if isinstance(count, int) and count]
    if not known:
        return _("No number can be shown: each is too small, or would reveal a small one.")
    count, name = max(known, key=lambda pair: pair[0])
    return _("Most: %(name)s, %(count)s. Every number is in the table below.") % {"name": name, "count": _number(count)}


def _unit_of(minutes):
    return 1 if minutes < 90 else HOUR if minutes < 2 * DAY else DAY
