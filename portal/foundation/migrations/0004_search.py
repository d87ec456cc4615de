"""What the search indexes hold of a text: its characters and its pairs of neighbouring characters."""

from django.db import migrations

# One expression, so that the planner sees through it. Cut at line ends, which a folded text never has: the pairs that begin at odd places,
# then those at even ones. A pair that is left with one character at the end is that character, which is there already.
BIGRAMS = r"""
CREATE FUNCTION foundation_bigrams(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_to_array(folded, NULL)
        || string_to_array(rtrim(regexp_replace(folded, '(..)', E'\\1\n', 'g'), E'\n'), E'\n')
        || string_to_array(rtrim(regexp_replace(substr(folded, 2), '(..)', E'\\1\n', 'g'), E'\n'), E'\n')
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0003_progress_in_words")]

    operations = [migrations.RunSQL(BIGRAMS, "DROP FUNCTION foundation_bigrams(text)")]
