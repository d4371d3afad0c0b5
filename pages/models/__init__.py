from ..generation import ContentGeneration
from .center import Center, Holiday, OpeningHours
from .loaded_file import LoadedFile
from .page import ContentPage, HomePage, PageWithSections, SectionIndexPage, SitePage
from .source import Source

__all__ = [
    "Center",
    "ContentGeneration",
    "ContentPage",
    "Holiday",
    "HomePage",
    "LoadedFile",
    "OpeningHours",
    "PageWithSections",
    "SectionIndexPage",
    "SitePage",
    "Source",
]
