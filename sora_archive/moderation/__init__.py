"""Reports, decisions with their reasons, appeals, and the rules of what is not made or shown."""
