from .role_assignment import Role, RoleAssignment, RoleConfirmation, RoleEnding
from .second_factor import RecoveryCode, RecoveryCodeSet, TotpDevice, factor_of
from .security_event import SecurityEvent
from .session import StaffSession
from .sign_in_attempt import SignInAttempt

__all__ = [
    "RecoveryCode",
    "RecoveryCodeSet",
    "Role",
    "RoleAssignment",
    "RoleConfirmation",
    "RoleEnding",
    "SecurityEvent",
    "SignInAttempt",
    "StaffSession",
    "TotpDevice",
    "factor_of",
]
