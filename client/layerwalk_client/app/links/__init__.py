"""Links that open a view again, and what they say of it."""
