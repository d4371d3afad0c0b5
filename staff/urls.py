"""The addresses of the staff app. `StaffSite` includes them under /admin/, in the namespace of the admin."""

from .second_factor.urls import urlpatterns as of_second_factor
from .sessions.urls import urlpatterns as of_sessions

urlpatterns = [*of_second_factor, *of_sessions]
