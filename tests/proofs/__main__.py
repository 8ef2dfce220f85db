"""`python -m tests.proofs NAME [--n N] [--json]`: shows that a promise holds, at the size at which it was made.

The tests run short versions of the same. A proof exits with 1 when something was found that it rules out.
"""

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

PROOFS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if path.stem != "finding"))


def main() -> int:
    """Runs one proof and prints what it found, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("name", choices=PROOFS)
    parser.add_argument("--n", type=int, help="how often; without it, as often as was promised")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    findings = importlib.import_module(f"tests.proofs.{options.name}").prove(options.n)
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            print(f"{'ok ' if finding.is_met else 'NOT'}  {finding.what}: {finding.found} ({finding.required})")
    return 0 if all(finding.is_met for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
