"""An ssh server of its own on this machine, into which the tests get without a question."""

import getpass
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from patience import PATIENCE_S, until

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
"""


@contextmanager
def local_sshd(folder: Path) -> Iterator[tuple[str, str, subprocess.Popen]]:
    """Runs it until the block ends.

    Args:
        folder: For its keys.

    Yields:
        What stands for "ssh", the host, and the server's process.
    """
    assert SSHD is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("host", "user"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True, capture_output=True)
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    with suppress(OSError):  # where root runs it, it wants an empty folder there
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [SSHD, "-D", "-f", str(folder / "config"), "-E", str(folder / "log")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as server:
        try:
            until("it listens", lambda: _answers(port))
            known = ["-o", f"UserKnownHostsFile={folder / 'known'}", "-o", "StrictHostKeyChecking=accept-new"]
            ssh = ["ssh", "-F", "none", "-p", str(port), "-i", str(folder / "user"), *known, "-o", "LogLevel=ERROR"]
            yield shlex.join(ssh), f"{getpass.getuser()}@127.0.0.1", server
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S):
        return True
    return False
