import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Load",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=40)),
                ("fingerprint", models.CharField(max_length=64)),
                ("parameters", models.JSONField()),
                ("password", models.CharField(max_length=128)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey("load_id", "stage", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("load", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="loading.load")),
                ("stage", models.CharField(max_length=40)),
                ("position", models.BigIntegerField()),
                ("books", models.JSONField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="load",
            constraint=models.UniqueConstraint(fields=("source", "fingerprint"), name="loading_load_key"),
        ),
    ]
