"""The addresses of the staff app. `StaffSite` includes them under /admin/, in the namespace of the admin."""

urlpatterns = []
