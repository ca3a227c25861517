"""The client whole: one loop that owns the world, and what stands around it."""
