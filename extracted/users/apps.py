from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "extracted.users"
    label = "users"
    verbose_name = "Users"
