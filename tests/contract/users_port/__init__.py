"""How `UsersPort` behaves, whoever answers: one suite, run against the monolith's tables and the service's gateway."""
