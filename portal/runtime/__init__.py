"""What `make run` does: bring up the database, the web server and the worker, keep them up, and take them down."""
