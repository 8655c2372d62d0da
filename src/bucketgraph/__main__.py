"""`python -m bucketgraph` is the same as `bucketgraph`."""

from __future__ import annotations

from bucketgraph.cli import main

if __name__ == "__main__":
    main()
