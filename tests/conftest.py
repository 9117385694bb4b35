"""What holds for every test."""

import os

# Before NumPy is imported: threads cost more than they give on small matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
