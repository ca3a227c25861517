"""The desktop client: walls of feature maps in an OpenGL world. Never imports torch."""
