"""cipherpost: signed and sealed circulars from a center to its committees, with an audit that reads no letter."""

__version__ = "0.1.0"
