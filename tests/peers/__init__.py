"""Real programs that tests talk to, started on loopback."""
