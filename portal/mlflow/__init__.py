"""MLflow: the door for its ordinary clients, and the probes inside its evaluations."""
