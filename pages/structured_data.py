"""The schema.org data of a page. It contains nothing that readers can't see.

The functions return plain dictionaries. The template tag `head_meta` writes them into the page as JSON-LD.
"""

from django.conf import settings
from django.utils.translation import gettext as _

from . import opening_hours

# Names in schema.org, which are never translated.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def of_page(page, center_facts):
    """Return the graph of a page: the page itself and its breadcrumb. A page about the center also has the center."""
    graph = [web_page(page, center_facts.center)]
    if page.url != "/":
        graph.append(breadcrumbs(*((above.title, above.url) for above in page.way), (page.title, page.url)))
    if center_facts.center and page.about_center:
        graph.append(clinic(center_facts))
    return graph


def web_page(page, center):
    """Return the description of a page. A page that cites sources is a MedicalWebPage.

    `dateModified` is the day when someone checked the sources. That is not a medical review.
    """
    data = {"@type": "MedicalWebPage" if page.citations else "WebPage", "name": page.title, "url": address(page.url)}
    if summary := getattr(page, "summary", ""):
        data["description"] = summary
    if page.checked_on:
        data["dateModified"] = page.checked_on.isoformat()
    if page.written_by:
        data["author"] = {"@type": "Person", "name": page.written_by}
    if center:
        data["publisher"] = {"@type": "Organization", "name": center.name, "url": address("/")}
    return data


def breadcrumbs(*steps):
    """Return the breadcrumb that the page shows. Each step is a pair of name and path."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": address(path)}
            for position, (name, path) in enumerate([(_("Home"), "/"), *steps], start=1)
        ],
    }


def clinic(center_facts):
    """Return the description of the center: only facts that are set and that the pages show."""
    center = center_facts.center
    place = {
        "streetAddress": center.street,
        "postalCode": center.postal_code,
        "addressLocality": center.town,
        "addressRegion": center.state,
    }
    known_facts = {
        "faxNumber": center.fax_link.removeprefix("tel:"),
        "openingHoursSpecification": _opening_hours(center_facts),
        "specialOpeningHoursSpecification": [_closed_on(holiday.day) for holiday in center_facts.holidays_ahead],
        "contactPoint": list(_contact_points(center_facts)),
    }
    return {
        "@type": "MedicalClinic",
        "name": center.name,
        "url": address("/"),
        "telephone": center.phone_link.removeprefix("tel:"),
        "address": {"@type": "PostalAddress"} | {name: fact for name, fact in place.items() if fact},
    } | {name: fact for name, fact in known_facts.items() if fact}


def _opening_hours(center_facts):
    """Return one entry for each pair of opening and closing time, with all days that have it."""
    days_of = {}
    for weekday, spans in opening_hours.spans_by_weekday(center_facts).items():
        for span in spans:
            days_of.setdefault(span, []).append(DAYS[weekday])
    return [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": days,
            "opens": f"{opens:%H:%M}",
            "closes": f"{closes:%H:%M}",
        }
        for (opens, closes), days in days_of.items()
    ]


def _closed_on(day):
    """Return the entry for a day when the center is closed. The format wants both times to be midnight."""
    return {
        "@type": "OpeningHoursSpecification",
        "opens": "00:00",
        "closes": "00:00",
        "validFrom": day.isoformat(),
        "validThrough": day.isoformat(),
    }


def _contact_points(center_facts):
    if languages := center_facts.texts.language_list:
        yield _contact_point("admissions", center_facts.center.phone_link) | {"availableLanguage": languages}
    if center_facts.center.referral_line:
        yield _contact_point("referrals", center_facts.center.referral_link)


def _contact_point(purpose, link):
    return {"@type": "ContactPoint", "contactType": purpose, "telephone": link.removeprefix("tel:")}


def address(path):
    """Return the public address of a path on this site."""
    return settings.PUBLIC_ORIGIN + path
