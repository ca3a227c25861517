"""The desks that keep panels: one for each kind, and what they share."""
