"""Sessions of staff: how they are stored, when they end, and which actions need a fresh sign-in."""
