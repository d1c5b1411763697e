"""What a client of MLflow meets, whichever of the supported versions it is."""
