"""Lightning's trainer as runs use it: whole checkpoints, processes that end well, and nothing global left changed."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities.rank_zero import rank_zero_only
from torch.multiprocessing import ProcessExitedException

from zeta_geom.execution.guard import GUARD
from zeta_geom.records import atomic_path

__all__ = ["fitting_trainer", "testing_trainer", "undisturbed"]


def fitting_trainer(
    *,
    epochs: int,
    precision: Any,
    checkpoint: Path,
    logs: Path | None,
    validates: bool,
    batches: int,
    accelerator: str,
    devices: int,
    progress: bool,
) -> lightning.Trainer:
    """Return a trainer that keeps the last whole epoch."""
    keep = ModelCheckpoint(
        checkpoint.parent, checkpoint.stem, save_on_train_epoch_end=True, enable_version_counter=False
    )
    loggers = [] if logs is None else [CSVLogger(logs, "csv"), TensorBoardLogger(logs, "tensorboard")]
    return lightning.Trainer(
        **_shared(precision, accelerator, progress),
        devices=devices,
        strategy=_SpawnedProcesses(start_method="spawn") if devices > 1 else "auto",
        max_epochs=epochs,
        num_sanity_val_steps=0,
        limit_val_batches=1.0 if validates else 0,
        log_every_n_steps=min(10, batches),
        logger=loggers or False,
        callbacks=[keep, *_bar(progress)],
        plugins=[_AtomicCheckpoints(), LightningEnvironment()],
    )


def testing_trainer(*, precision: Any, accelerator: str, progress: bool) -> lightning.Trainer:
    """Return a trainer for one pass over the test part, on one device."""
    shared = _shared(precision, accelerator, progress)
    return lightning.Trainer(
        **shared, devices=1, logger=False, callbacks=_bar(progress), plugins=[LightningEnvironment()]
    )


def _bar(progress: bool) -> list[Any]:
    return [TQDMProgressBar(leave=False)] if progress else []


def _shared(precision: Any, accelerator: str, progress: bool) -> dict[str, Any]:
    return {
        "accelerator": accelerator,
        "precision": precision,
        "enable_model_summary": False,
        "enable_progress_bar": progress,
        "use_distributed_sampler": False,  # the loaders' own samplers know the ranks
        "deterministic": "warn",
    }


class _SpawnedProcesses(DDPStrategy):
    """Lightning's "ddp_spawn", whose processes leave their group before they end: gloo's threads abort them else."""

    def teardown(self) -> None:
        super().teardown()
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


class _AtomicCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint whole or not at all."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        with atomic_path(path) as temporary:
            torch.save(checkpoint, temporary)


@contextmanager
def undisturbed(progress: bool) -> Iterator[None]:
    """Leave torch's generator, its choice of algorithms and Ctrl+C as they were; say little without `progress`.

    Whatever launched this process, here it is the first and only one, so that it writes logs and checkpoints.
    """
    with _own_randomness(), _interruptible(), _ended_in_one_line(), _first_rank(), _quiet(progress):
        yield


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Give torch's global generator and its choice of algorithms back as they were."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    with torch.random.fork_rng():
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            torch.backends.cudnn.benchmark = benchmark


@contextmanager
def _first_rank() -> Iterator[None]:
    """Take back what Lightning read from the environment when it was imported."""
    ranked: Any = rank_zero_only
    before, ranked.rank = ranked.rank, 0
    try:
        yield
    finally:
        ranked.rank = before


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt where Lightning answers Ctrl+C by an exit, and go on listening to it."""
    listening = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        signal.signal(signal.SIGINT, listening)
        raise KeyboardInterrupt from error


@contextmanager
def _ended_in_one_line() -> Iterator[None]:
    """Raise one line where a process of several devices ended by itself."""
    try:
        yield
    except (ProcessExitedException, BrokenPipeError) as error:
        raise RuntimeError(
            f"a process of the training ended ({error}); its own message stands above. Call it again to resume from "
            f"the last complete epoch. If the process ran this script again: {GUARD}"
        ) from None


@contextmanager
def _quiet(progress: bool) -> Iterator[None]:
    """Keep Lightning's hints on devices and workers out of the log where nobody watches."""
    talking = logging.getLogger("lightning.pytorch")
    level, passed_on = talking.level, talking.propagate
    talking.setLevel(level if progress else logging.ERROR)
    talking.propagate = False  # it has a handler of its own
    try:
        yield
    finally:
        talking.setLevel(level)
        talking.propagate = passed_on
