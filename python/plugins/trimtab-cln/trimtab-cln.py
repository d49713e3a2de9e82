#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.10"
# dependencies = ["trimtab[cln]"]
# ///
"""The plugin trimtab-cln, as one file that uv or reckless can run.

Everything is in the package `trimtab`; this file only starts it.
"""

from trimtab.cln.scripts import run_cln

if __name__ == "__main__":
    run_cln()
