"""Users' functions, mixers and transforms in a sweep."""
