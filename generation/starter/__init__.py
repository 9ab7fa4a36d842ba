"""The small text-to-video model that ships with the project: its world, its training and its
weights.
"""
