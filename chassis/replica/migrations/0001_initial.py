from django.db import migrations

from chassis.replica import schema


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(schema.CREATE, schema.DROP)]
