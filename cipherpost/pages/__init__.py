"""Pages for a browser: self-contained, without network, everything from outside escaped."""
