"""An uploaded file to a verdict; nothing is imported here, the reader's child must start fast."""
