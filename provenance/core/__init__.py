"""The trusted core: pure and typed, what a stranger must believe; no framework, no network."""
