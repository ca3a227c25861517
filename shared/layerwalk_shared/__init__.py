"""What the server and the client share: graph, tiles, messages, routes, errors."""
