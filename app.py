"""Synthesize the CDK app: one stack per stage.

python app.py                      the template of the stage dev, into CDK_OUTDIR or cdk.out
python app.py -c stage=prod        the same with settings (infra/settings.py)
cdk deploy -c stage=prod           the CDK command line starts this file itself, see cdk.json
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from infra.settings import SettingError
from infra.synth import synthesize


def main() -> int:
    """Synthesize, and say on one line what is wrong with a setting."""
    parser = argparse.ArgumentParser(description="Synthesize the Leanpix stack.")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="NAME=VALUE")
    context: dict[str, object] = {}
    for pair in parser.parse_args().context:
        name, _, value = pair.partition("=")
        context[name] = value
    try:
        synthesize(Path(os.environ.get("CDK_OUTDIR", "cdk.out")), context)
    except SettingError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
