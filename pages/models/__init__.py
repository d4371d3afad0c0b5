from .center import Center, Holiday, OpeningHours
from .page import OldPath, Page, PageCitation, PageVersion, Section
from .source import Source

__all__ = [
    "Center",
    "Holiday",
    "OldPath",
    "OpeningHours",
    "Page",
    "PageCitation",
    "PageVersion",
    "Section",
    "Source",
]
