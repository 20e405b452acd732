"""De-identification: a profile is compiled to a plan, and one engine applies it to every representation."""
