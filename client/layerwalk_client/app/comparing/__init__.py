"""Two snapshots or networks seen as one: difference, blink, pair, halls, a view in two."""
