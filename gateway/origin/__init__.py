"""The origin server in front of us, behind one seam: `Origin`."""
