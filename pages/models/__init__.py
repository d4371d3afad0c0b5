from ..generation import ContentGeneration
from .center import Center, CenterTexts, Holiday, OpeningHours
from .loaded_file import LoadedFile
from .notice import Notice
from .page import ContentPage, HomePage, PageWithSections, SectionIndexPage, SitePage
from .source import Source

__all__ = [
    "Center",
    "CenterTexts",
    "ContentGeneration",
    "ContentPage",
    "Holiday",
    "HomePage",
    "LoadedFile",
    "Notice",
    "OpeningHours",
    "PageWithSections",
    "SectionIndexPage",
    "SitePage",
    "Source",
]
