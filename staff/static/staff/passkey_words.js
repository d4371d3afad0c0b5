// The sentences of django-otp-webauthn in the words of this site: what went wrong, and what to do next.
const SENTENCES = {
  "Verifying...": "Waiting for your device …",
  "Finishing verification...": "Signing in …",
  "Verification successful!": "Done.",
  "Verification aborted.": "Nothing happened, because it was canceled. Press the button to try again.",
  "Verification canceled or not allowed.":
    "Your device gave no passkey for this site. Press the button to try again, or use another way to sign in.",
  "Verification failed. Could not retrieve parameters from the server.":
    "That did not work. Reload this page, then press the button again.",
  "Verification failed. An unknown error occurred.":
    "That passkey did not work here. Try again, or use another way to sign in.",
  "Verification failed. An unknown server error occurred.":
    "That did not work on our side. Reload this page, then press the button again.",
  "Registering...": "Waiting for your device …",
  "Finishing registration...": "Saving …",
  "Registration successful!": "Your passkey is saved.",
  "Registration aborted.": "Nothing was saved, because it was canceled. Press the button to try again.",
  "Registration aborted or not allowed.":
    "Your device saved no passkey. It needs a screen lock, such as a fingerprint or a PIN. Press the button to try again.",
  "Registration failed. You most likely already have a Passkey registered for this site.":
    "This device already has a passkey for this site.",
  "Registration failed. Unable to fetch registration options from server.":
    "That did not work. Reload this page, then press the button again.",
  "Registration failed. A technical problem occurred that prevents you from registering a Passkey for this site.":
    "Browsers allow no passkey at this address. Open the site at its usual address.",
  "Registration failed. An unknown error occurred.": "That did not work. Press the button to try again.",
  "Registration failed. The server was unable to verify this passkey.":
    "Nothing was saved: we could not check this passkey. Reload this page, then press the button again.",
  "Registration failed. A server error occurred.":
    "That did not work on our side. Reload this page, then press the button again.",
};

window.gettext = (text) => SENTENCES[text] || text;
