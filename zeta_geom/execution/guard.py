"""The guard `if __name__ == "__main__":`; without it, each process that a script starts runs the script again."""

import ast
import multiprocessing
import sys
from pathlib import Path
from types import FrameType

GUARD = 'Put the code of the script under `if __name__ == "__main__":`.'
CONDITIONS = (ast.If, ast.IfExp, ast.BoolOp, ast.Match)


def require_main_guard(call: str, *, starts: bool = True) -> None:
    """Refuse a call that starts processes if each of them would make the same call.

    A process that is started afresh imports the script first. A call from the top of a script, outside any condition,
    is refused before a process is started. A process that makes the call while it imports its parent's script ends at
    once, with one line, since it would wait for ever for its parent's locks.
    """
    message = f"{call} starts processes, and each runs this script from its top again. {GUARD}"
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # multiprocessing marks such a process so
        raise SystemExit(message)
    if starts and _lacks_guard():
        raise RuntimeError(message)


def starts_afresh() -> bool:
    """Return whether a process that multiprocessing starts here by default imports the script."""
    method = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
    return method != "fork"


def _lacks_guard() -> bool:
    """Return whether a line at the top of the running script, outside any condition, is on the stack."""
    main = sys.modules.get("__main__")
    path, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    if path is None or (spec is not None and spec.name.rpartition(".")[2] == "__main__"):
        return False  # started processes do not run these again
    frame: FrameType | None = sys._getframe()
    while frame is not None and not (frame.f_code.co_name == "<module>" and frame.f_globals is vars(main)):
        frame = frame.f_back
    if frame is None:
        return False
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):  # not Python source, such as an archive
        return False
    line = frame.f_lineno
    conditions = (node for node in ast.walk(tree) if isinstance(node, CONDITIONS))
    return not any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in conditions)
