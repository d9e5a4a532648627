"""Starts keywright, which is JavaScript here, with the Node of this machine. Only the wheel for platforms without an
executable holds this package; it decides nothing and reads no configuration."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path


def main() -> None:
    node = _node()
    if node is None:
        sys.exit("keywright: Node 24 or newer is needed on this platform, and there is none on the PATH")
    command = [node, str(Path(__file__).with_name("program") / "wheel.mjs"), _started(), *sys.argv[1:]]
    if os.name == "nt":  # exec does not wait there
        sys.exit(subprocess.call(command))
    os.execv(node, command)


def _started() -> str:
    """What the user started: its name says which program to be, and `keyring` must never ask itself."""
    path = os.path.abspath(sys.argv[0])
    return path if os.path.exists(path) else f"{path}.exe"


def _node() -> str | None:
    """The first one on the PATH, else one that was installed beside us. The folder one stands in has no say."""
    name = "node.exe" if os.name == "nt" else "node"
    for folder in [*os.environ.get("PATH", "").split(os.pathsep), sysconfig.get_path("scripts")]:
        file = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(file) and os.access(file, os.X_OK):
            return file
    return None
