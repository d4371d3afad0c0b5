from .event_mail import EventMail
from .password_must_change import PasswordMustChange
from .role_assignment import Role, RoleAssignment, RoleConfirmation, RoleEnding
from .second_factor import RecoveryCode, RecoveryCodeSet, TotpDevice, factor_of
from .security_event import SecurityEvent
from .session import StaffSession
from .set_up_link import SetUpLink
from .sign_in_attempt import SignInAttempt

__all__ = [
    "EventMail",
    "PasswordMustChange",
    "RecoveryCode",
    "RecoveryCodeSet",
    "Role",
    "RoleAssignment",
    "RoleConfirmation",
    "RoleEnding",
    "SecurityEvent",
    "SetUpLink",
    "SignInAttempt",
    "StaffSession",
    "TotpDevice",
    "factor_of",
]
