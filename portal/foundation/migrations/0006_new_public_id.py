"""Public identifiers for rows that one statement writes."""

from django.db import migrations

# UUIDv7 (RFC 9562), as `new_public_id` makes them: PostgreSQL has its own from 18 on, and 15 is to do. A random one, the moment in front, two bits for
# the version.
NEW_PUBLIC_ID = """
CREATE FUNCTION foundation_new_public_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
    ), 52, 1), 53, 1), 'hex')::uuid
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0005_settled_before")]

    operations = [migrations.RunSQL(NEW_PUBLIC_ID, "DROP FUNCTION foundation_new_public_id()")]
