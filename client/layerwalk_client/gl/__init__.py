"""All that touches OpenGL: contexts, targets, the renderer, panels drawn to textures."""
