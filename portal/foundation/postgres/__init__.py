"""The database backend: Django's for PostgreSQL, whose connections tell the database who acts."""
