"""The second factor: an authenticator app, passkeys, and recovery codes for the day when neither is at hand."""
