"""How gunicorn serves the site; read by gunicorn itself.

No access log, because its lines hold visitors' addresses; the line about a refused request loses
its own. A worker ends with its master, whatever ended that.
"""

import logging
import re
from typing import Any

from sora_archive import lifeline

worker_class = "gthread"
workers = 2
threads = 4
timeout = 60
graceful_timeout = 4
keepalive = 5
accesslog = None
loglevel = "warning"
control_socket_disable = True
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeats of gunicorn; a slow disk must not stop them

_ADDRESS = re.compile(r" from ip=\S*:")


def without_address(record: logging.LogRecord) -> bool:
    """Take the visitor's address out of a line; a filter that lets every line pass."""
    record.msg = _ADDRESS.sub(":", str(record.msg))
    return True


logging.getLogger("gunicorn.error").addFilter(without_address)


def post_fork(server: Any, worker: Any) -> None:
    """Called in each new worker process."""
    lifeline.die_with_parent(worker.ppid)
