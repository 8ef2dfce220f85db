"""The operator's way to the instructor's desk, key or no key: a link that admits whoever opens it first."""

import argparse
from datetime import UTC, datetime

from tl_core.commands.output import DONE, Output
from tl_core.disk.home import data_home
from tl_core.store.instructor.links import LASTS_S, make_link


def add_admit_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `admit`."""
    parser.add_argument("--address", metavar="URL")


def admit(options: argparse.Namespace, output: Output) -> int:
    """Prints a link to the class page. Needs nothing of a server but its data folder."""
    link, expires_s = make_link(data_home(), options.address)
    if output.is_json:
        output.value({"link": link, "expires_at": datetime.fromtimestamp(expires_s, UTC).isoformat(timespec="seconds")})
    else:
        print(output.phrase("command.admit_link", minutes=LASTS_S // 60))
        print(link)
    return DONE
