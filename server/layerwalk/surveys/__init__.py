"""Surveys: a whole data set goes through a network, batch by batch, and what came of it is kept."""
