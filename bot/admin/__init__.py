"""What those who look after a server and the library can do."""
