"""A probe for Mingsuan: are records incomplete more often for one group than for the rest?"""
