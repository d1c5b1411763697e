"""Worker, signer, and what an operator looks after."""
