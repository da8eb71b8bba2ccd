"""A runner process to be killed: opens an executor, runs one step of local_steps, waits. No guard, on purpose.

Command line: FOLDER STEP [seed]. With `seed` its workers are its forks, as those of a command. Prints `ends N` when the
step has ended.
"""

import signal
import sys
from pathlib import Path

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # in a suite that `nohup` started
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

if sys.argv[3:] == ["seed"]:
    from graftline.plugins.local.seed import plant

    plant()

from local_runs import context, operation, order

from graftline.plugins.local.runner import LocalRunner

folder, step = Path(sys.argv[1]), sys.argv[2]
print("main runs", flush=True)
executor = LocalRunner.executor(context(folder, [operation(step)]))
print("guardian", executor._pool.nursery.guardian_pid, flush=True)
executor.submit([order("step", folder=str(folder))])
print("ends", len(executor.wait(60)), flush=True)
executor.close()
