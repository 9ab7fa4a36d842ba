"""Engines turn a request into frames; torch and diffusers are spoken only here."""
