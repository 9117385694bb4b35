"""From sources to count tables: readers, column kinds, pairing, counting."""
