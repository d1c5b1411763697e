"""The commands of `mingsuan`, imported only when one is called."""
