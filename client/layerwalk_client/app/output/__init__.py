"""What leaves the program as files: pictures, films, exact arrays."""
