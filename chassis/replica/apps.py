from django.apps import AppConfig


class ReplicaConfig(AppConfig):
    name = "chassis.replica"
    label = "replica"
    verbose_name = "Replica protocol"
