"""From arrivals to a world that can be drawn: what is known, what stands there, what is up on the GPU."""
