"""The HTTP side: parses requests, answers them; everything else is the session's."""
