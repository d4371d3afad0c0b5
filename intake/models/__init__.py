from .access_record import AccessRecord, ShownRequest
from .assessment_request import Alias, AssessmentRequest
from .attempt import RESULTS, Attempt
from .change import Change, Undone
from .contact import ConsentRecord, ContactPreferences
from .encrypted_text import BlindIndex, EncryptedText
from .event import Event
from .outbox_message import OutboxMessage
from .pending import PendingForm
from .saved_filter import SavedFilter
from .traffic import Heartbeat, RecentEmail, RecentSender

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
    "OutboxMessage",
    "PendingForm",
    "RecentEmail",
    "RecentSender",
    "SavedFilter",
    "ShownRequest",
    "Undone",
]
