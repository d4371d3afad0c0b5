from .assessment_request import Alias, AssessmentRequest
from .change import Change, Undone
from .contact import ConsentRecord, ContactPreferences
from .encrypted_text import BlindIndex, EncryptedText
from .outbox_message import Notice
from .pending import PendingForm
from .records import RESULTS, AccessRecord, Attempt, Event, Record, RecordIsFixed
from .saved_filter import SavedFilter
from .traffic import Heartbeat, RecentSender

__all__ = [
    "RESULTS",
    "AccessRecord",
    "Alias",
    "AssessmentRequest",
    "Attempt",
    "BlindIndex",
    "Change",
    "ConsentRecord",
    "ContactPreferences",
    "EncryptedText",
    "Event",
    "Heartbeat",
    "Notice",
    "PendingForm",
    "RecentSender",
    "Record",
    "RecordIsFixed",
    "SavedFilter",
    "Undone",
]
