"""What a person puts on a network's input: checked at the door, made a tensor's values."""
