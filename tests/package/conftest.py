"""Lets the tests of this folder read what the package scripts share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
