"""A worker that starts a child of its own and waits."""

import signal
import subprocess
import sys

from runoff.processes.channel import open_channel

channel = open_channel()
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
channel.send({"child": child.pid})
signal.pause()
