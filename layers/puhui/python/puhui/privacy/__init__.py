"""Export, erasure and moving of an account. See README.md."""
