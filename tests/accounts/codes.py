"""Codes as they stand on a page."""

import re
from typing import Final

# An activation code; no part of an identifier is one, though it may look like it.
CODE: Final = re.compile(r"(?<![\w-])[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}(?![\w-])")
