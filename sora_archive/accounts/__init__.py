"""People: who may ask, who moderates, and under which name they appear."""
