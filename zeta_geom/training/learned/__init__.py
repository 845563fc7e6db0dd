"""Methods that are learned together with the classifier, and the hook by which any method enters a training step."""
