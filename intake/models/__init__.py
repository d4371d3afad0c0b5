from .assessment_request import Alias, AssessmentRequest
from .notice import Notice
from .records import AccessRecord, Event, Record, RecordIsFixed
from .told import BlindIndex, ConsentRecord, ContactProfile, SealedText
from .traffic import Heartbeat, RecentSender

__all__ = [
    "AccessRecord",
    "Alias",
    "AssessmentRequest",
    "BlindIndex",
    "ConsentRecord",
    "ContactProfile",
    "Event",
    "Heartbeat",
    "Notice",
    "RecentSender",
    "Record",
    "RecordIsFixed",
    "SealedText",
]
