"""What can be done with accounts. Each write is one transaction; the fence's refusal passes through to whoever can answer it."""
