"""One file a question; each prints a ratio measured in one run: machines are shared and noisy."""
