"""How gunicorn serves the site; read by gunicorn itself.

No access log, because its lines hold visitors' addresses. A worker ends with its master, whatever
ended that.
"""

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


def post_fork(server: Any, worker: Any) -> None:
    """Called in each new worker process."""
    lifeline.die_with_parent(worker.ppid)
