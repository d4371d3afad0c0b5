"""What a page says of itself to machines, in the words of schema.org. It says nothing that readers don't see.

Plain dictionaries, which the tag `head_meta` writes into the page as JSON-LD.
"""

from django.conf import settings
from django.utils.translation import gettext as _

from . import facts

PATHS_ABOUT_THE_CENTER = ("", "about", "contact")


def of_page(version, citations):
    """The graph of a page: the page, the way to it, and on three of them the center. A list of dictionaries."""
    path = version.page.get_absolute_url()
    graph = [web_page(version, citations, path) | {"description": version.summary}]
    if version.page.path:
        graph.append(breadcrumbs((version.title, path)))
    center = facts.current().center
    if center and version.page.path in PATHS_ABOUT_THE_CENTER:
        graph.append(clinic(center))
    return graph


def web_page(version, citations, path):
    """A text, on health where it cites sources. `checked_on`, when someone read the sources again, is no review."""
    data = {"@type": "MedicalWebPage" if citations else "WebPage", "name": version.title, "url": address(path)}
    if version.checked_on:
        data["dateModified"] = version.checked_on.isoformat()
    if version.written_by:
        data["author"] = {"@type": "Person", "name": version.written_by}
    if version.reviewed_by:
        data["lastReviewed"] = version.reviewed_on.isoformat()
        data["reviewedBy"] = {"@type": "Person", "name": version.reviewed_by}
    center = facts.current().center
    if center:
        data["publisher"] = {"@type": "Organization", "name": center.name, "url": address("/")}
    return data


def breadcrumbs(*steps):
    """The way from the home page, as the page shows it. Each step is a pair of name and path."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": address(path)}
            for position, (name, path) in enumerate([(_("Home"), "/"), *steps], start=1)
        ],
    }


def clinic(center):
    """The center, by the facts that its owner has told and the footer shows."""
    place = {
        "streetAddress": center.street,
        "postalCode": center.postal_code,
        "addressLocality": center.town,
        "addressRegion": center.state,
    }
    return {
        "@type": "MedicalClinic",
        "name": center.name,
        "url": address("/"),
        "telephone": center.phone_link.removeprefix("tel:"),
        "address": {"@type": "PostalAddress"} | {name: fact for name, fact in place.items() if fact},
    }


def address(path):
    """The public address of a path of this site."""
    return settings.PUBLIC_ORIGIN + path
