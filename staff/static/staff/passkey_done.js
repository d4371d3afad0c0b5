// What django-otp-webauthn leaves to the page: go on after a passkey was added, or after it confirmed who is there.
document.addEventListener("otp_webauthn.register_complete", (event) => {
  location.assign(event.detail.response.redirect_url);
});

document.addEventListener("otp_webauthn.verification_complete", () => {
  const confirmed = document.querySelector("form.confirm");
  if (confirmed) confirmed.submit(); // without the password, which is no longer needed
});
