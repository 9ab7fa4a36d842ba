"""The site: composes the line and the evidence, owns people and words."""
