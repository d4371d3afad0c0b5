from .role_assignment import Role, RoleAssignment, RoleConfirmation, RoleEnding
from .security_event import SecurityEvent
from .session import StaffSession
from .sign_in_attempt import SignInAttempt

__all__ = [
    "Role",
    "RoleAssignment",
    "RoleConfirmation",
    "RoleEnding",
    "SecurityEvent",
    "SignInAttempt",
    "StaffSession",
]
