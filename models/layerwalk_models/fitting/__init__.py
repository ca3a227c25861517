"""Short trainings of the small networks that do not answer pictures with classes."""
