"""The world as data: walls, ribbons, plots, labels, cameras. Knows no GPU, no HTTP, no clock."""
