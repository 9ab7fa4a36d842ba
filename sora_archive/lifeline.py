"""Ties a process to the life of the one that started it, and drops root where a program refuses it.

Run as a script it prepares itself and then becomes the given program, so that even a kill -9 of
the launcher leaves nothing behind. It needs the standard library alone and starts in milliseconds.
"""

import argparse
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def die_with_parent(parent: int | None = None, sign: int = signal.SIGKILL) -> None:
    """Asks the kernel to send `sign` to this process when its parent ends; exits if it has ended.

    Linux only (prctl PR_SET_PDEATHSIG); elsewhere it does nothing. `parent` is the process id
    that must still be the parent, where the caller knows it. A change of uid clears the request,
    so call it after one.
    """
    if not sys.platform.startswith("linux"):
        return
    _check(_libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0), "PR_SET_PDEATHSIG")
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), sign)


def held_capabilities() -> int:
    """The capabilities this process may use, as the bit mask of /proc/self/status."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - starts faster
        for line in status:
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


def become(uid: int, gid: int, keep: int | None = None) -> None:
    """Turns root into `uid`:`gid` with no other group, keeping at most the one capability `keep`.

    The capability is made ambient, so that it survives the exec that follows (capabilities(7)).
    """
    os.setgroups([])
    if keep is not None:
        _check(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS")
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keep is None:
        return
    mask = 1 << keep
    header = _Header(_CAPABILITY_VERSION_3, 0)
    sets = (_Sets * 2)(_Sets(mask, mask, mask), _Sets(0, 0, 0))
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(sets)), "capset")
    _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, keep, 0, 0), "PR_CAP_AMBIENT_RAISE")


def wrapped(
    command: list[str], *, uid: int | None = None, gid: int | None = None, keep: int | None = None
) -> list[str]:
    """The command line that runs `command` tied to this process, as `uid`:`gid` where given."""
    line = [sys.executable, "-I", "-S", __file__, f"--parent={os.getpid()}"]
    if uid is not None:
        line += [f"--uid={uid}", f"--gid={gid if gid is not None else uid}"]
    if keep is not None:
        line += [f"--keep={keep}"]
    return [*line, "--", *command]


def main(arguments: list[str]) -> None:
    """Prepares this process as the arguments say and replaces it by the command after `--`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--keep", type=int)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    if options.uid is not None:
        become(options.uid, options.gid, options.keep)
    die_with_parent(options.parent)
    # A job started in the background of a shell ignores SIGINT, and so would what it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(options.command[0], options.command)  # noqa: S606 - the point of the module
    except OSError as error:
        sys.exit(f"{options.command[0]} cannot be started: {error.strerror}.")


if __name__ == "__main__":
    main(sys.argv[1:])
