"""The same neighbours and dimensions for points that outgrow memory or one machine, and what they will cost."""
