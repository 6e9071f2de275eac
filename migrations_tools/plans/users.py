"""How the customers leave the monolith: accounts, their addresses, their preferences and their sessions."""

from migrations_tools.plan import Aggregate, ContextPlan, Gates, Route, Table

PLAN = ContextPlan(
    context="users",
    routes=(Route("/api/v1/users", read=("GET", "HEAD"), sticky_by="subject"),),
    aggregates=(
        Aggregate(
            "user",
            root=Table("users_user", key="id"),
            parts=(
                Table("users_address", key="id", fk="user_id"),
                Table("users_preference", key=("user_id", "name"), fk="user_id"),
                Table("users_refreshtoken", key="id", fk="user_id", sequence=False),
            ),
            to_service="acl.users.translate:to_service",
            to_legacy="acl.users.translate:to_legacy",
            not_migrated={"users_user.last_login": "belongs to the monolith's own notion of a login"},
        ),
    ),
    port="monolith.users.api:UsersPort",
    local="monolith.users.services:local_users",
    gateway="acl.users.gateway:UsersGateway",
    gates=Gates(divergent=0, shadow_match=0.999, shadow_samples=50, lag_seconds=2),
)
