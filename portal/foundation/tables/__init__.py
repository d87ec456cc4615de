"""Tables as files: csv, and workbooks that are sent while they are written.

A table is either rows that a page has made, or a listing: what queries find, of which there may be millions. A listing PostgreSQL writes itself, line by
line; Python only hands it on. Every text, of either, passes the same guard against formulas. Why no library writes the workbooks stands in
docs/decisions/exports.md.
"""

from portal.foundation.tables.cells import Cell, guarded
from portal.foundation.tables.listing import Column, Kind, Listing
from portal.foundation.tables.plain import CSV, csv_of
from portal.foundation.tables.sheets import WORKBOOK, Sheet, workbook

__all__ = ["CSV", "WORKBOOK", "Cell", "Column", "Kind", "Listing", "Sheet", "csv_of", "guarded", "workbook"]
