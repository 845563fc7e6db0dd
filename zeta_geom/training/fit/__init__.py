"""Training by a recipe: networks, batches, the Lightning module and its trainer."""
