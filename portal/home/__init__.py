"""At home, without a registry: evaluate, draft a plan, start a plugin, pack, verify."""
