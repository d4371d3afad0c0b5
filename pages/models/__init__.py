from ..content_generation import ContentGeneration
from .center import Center, CenterTexts, Holiday, OpeningHours
from .link_check import LinkCheck
from .loaded_file import LoadedFile
from .notice import Notice
from .page import ContentPage, HomePage, PageWithSections, SectionIndexPage, SitePage
from .picture import Download, Picture, PictureRendition
from .source import Source

__all__ = [
    "Center",
    "CenterTexts",
    "ContentGeneration",
    "ContentPage",
    "Download",
    "Holiday",
    "HomePage",
    "LinkCheck",
    "LoadedFile",
    "Notice",
    "OpeningHours",
    "PageWithSections",
    "Picture",
    "PictureRendition",
    "SectionIndexPage",
    "SitePage",
    "Source",
]
