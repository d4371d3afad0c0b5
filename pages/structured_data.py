"""What a page says of itself to machines, in the words of schema.org. It says nothing that readers don't see.

Plain dictionaries, which the tag `head_meta` writes into the page as JSON-LD.
"""

from django.conf import settings
from django.utils.translation import gettext as _


def of_page(page, center):
    """The graph of a page: the page, the way to it, and, if it is about the center, the center."""
    graph = [web_page(page, center)]
    if page.url != "/":
        graph.append(breadcrumbs(*((above.title, above.url) for above in page.way()), (page.title, page.url)))
    if center and page.about_center:
        graph.append(clinic(center))
    return graph


def web_page(page, center):
    """A text, on health where it cites sources. `checked_on`, when someone read the sources again, is no review."""
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
