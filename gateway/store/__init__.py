"""Our own state: the database, the workspace and the teaching archive."""
