"""How the pages write dates in English: Django's own would be American."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
