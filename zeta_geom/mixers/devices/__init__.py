"""What calls on a device need: tensors that it keeps, and graphs."""
