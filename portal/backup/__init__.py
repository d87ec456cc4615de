"""One encrypted file that holds the database and the attachments of one moment: made, checked, kept by rule, restored."""
