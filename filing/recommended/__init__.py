"""The catalogue of recommended models that an industry body keeps: criteria, order, decisions, lapse."""
