"""The addresses of the staff app. `StaffSite` includes them under /admin/, in the namespace of the admin."""

from .sessions.urls import urlpatterns as of_sessions

urlpatterns = [*of_sessions]
