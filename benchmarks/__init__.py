"""What the project promises about speed, measured beside a peer and a floor in one run."""
