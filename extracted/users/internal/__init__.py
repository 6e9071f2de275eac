"""The monolith's users port over HTTP, for the platform's own processes: the same answers as the monolith's own."""
