"""Results of maximisations in the window: their panel, their walls, their pictures."""
