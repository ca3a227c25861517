"""Plain-PyTorch networks with their training recipes and small trained weights."""
