"""Daily reports from a table that somebody uploads: one row a figure.

`words` knows how people write branches, days, kinds of work and figures; `checking` reads a file with them and says of each row whether it can be
filed; `staging` keeps what was found until it is confirmed; `services` are the steps of an import. What is confirmed is filed by
`activities.services.file_staged`, all in one transaction.
"""
