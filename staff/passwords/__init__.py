"""How passwords are stored, and which ones are refused."""
