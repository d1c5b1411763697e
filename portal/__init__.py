"""Everything that faces outward: API, pages, command line, MLflow door, worker, signer."""
