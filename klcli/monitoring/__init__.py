"""Many batches against one reference."""
