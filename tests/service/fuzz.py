"""Runs schemathesis against a service that it starts: what the OpenAPI says must be so.

`python fuzz.py --program target/debug/trimtab --schemathesis bin/schemathesis --seconds 15`
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

# What the description promises. That every input that fits the schemas is decided is not promised:
# some rules hold between fields. Nor that one that does not fit is refused whole: of a list, a bad
# entry is set aside and the others are decided.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
TOKEN = "of-a-test-and-nobody-else"
HEARD = "listening on http://"


def main() -> int:
    """Start, fuzz, stop, and return the exit code of the run."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--schemathesis", required=True)
    arguments.add_argument("--seconds", type=int, default=15)
    arguments.add_argument("--seed", type=int, default=1)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder) / "token"
        token.write_text(TOKEN)
        service = subprocess.Popen(
            [asked.program, "serve", "--http", "127.0.0.1:0", "--token-file", str(token)],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = service.stderr.readline() if service.stderr else ""
            if HEARD not in line:
                print(f"the service says {line}")
                return 1
            address = line.split(HEARD)[1].strip()
            run = subprocess.run(
                [
                    str(Path(asked.schemathesis).resolve()),
                    "run",
                    f"http://{address}/v1/openapi.json",
                    "--header",
                    f"Authorization: Bearer {TOKEN}",
                    "--checks",
                    ",".join(CHECKS),
                    "--phases",
                    "fuzzing",
                    "--max-examples",
                    "5",
                    # The same inputs as those of a call.
                    "--exclude-path-regex",
                    "^/v1/audit/",
                    "--max-time",
                    str(asked.seconds),
                    "--seed",
                    str(asked.seed),
                    "--suppress-health-check",
                    "all",
                    "--warnings",
                    "off",
                ],
                cwd=folder,
                check=False,
            )
            return run.returncode or (1 if service.poll() is not None else 0)
        finally:
            service.terminate()
            service.wait(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
