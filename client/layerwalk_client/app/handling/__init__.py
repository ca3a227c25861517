"""What one does by hand: carry, magnify, paste, and stand walls elsewhere."""
