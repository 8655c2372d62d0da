"""bucketgraph: a self-hosted graph of Bitbucket Cloud with complete history."""

__version__ = "26.11.0"
