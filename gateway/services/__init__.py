"""Use cases, and the gate they share: nothing leaves without passing it."""
