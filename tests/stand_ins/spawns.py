"""A worker that starts a child of its own and waits."""

import subprocess
import sys
import time

from runoff.processes.channel import open_channel

channel = open_channel()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
channel.send({"child": child.pid})
time.sleep(3600)
