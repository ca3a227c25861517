"""Getting about: flights, rides, bookmarks, the map, the search, the guided tour."""
