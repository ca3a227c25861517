"""What people hold: keyboard, mouse, controllers. Each becomes the same frozen Actions."""
