"""Lightning's trainer for runs: atomic checkpoints, processes that end cleanly, global state restored."""

import logging
import signal
import warnings
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
from zeta_geom.training.recipes.schema import Precision


def fitting_trainer(
    *,
    epochs: int,
    precision: Precision,
    checkpoint: Path,
    logs: Path | None,
    validates: bool,
    batches: int,
    accelerator: str,
    devices: int,
    progress: bool,
) -> lightning.Trainer:
    """Return a trainer that keeps a checkpoint of the last complete epoch."""
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


def testing_trainer(*, precision: Precision, accelerator: str, progress: bool) -> lightning.Trainer:
    """Return a trainer for one pass over the test part, on one device."""
    shared = _shared(precision, accelerator, progress)
    return lightning.Trainer(
        **shared, devices=1, logger=False, callbacks=_bar(progress), plugins=[LightningEnvironment()]
    )


def _bar(progress: bool) -> list[Any]:
    return [TQDMProgressBar(leave=False)] if progress else []


def _shared(precision: Precision, accelerator: str, progress: bool) -> dict[str, Any]:
    return {
        "accelerator": accelerator,
        "precision": precision,
        "enable_model_summary": False,
        "enable_progress_bar": progress,
        "use_distributed_sampler": False,  # the samplers of ImageLoaders know the ranks
        "deterministic": "warn",
    }


class _SpawnedProcesses(DDPStrategy):
    """Lightning's "ddp_spawn" whose processes leave their group before they end; else gloo's threads abort them."""

    def teardown(self) -> None:
        super().teardown()
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


class _AtomicCheckpoints(TorchCheckpointIO):
    """Write a checkpoint whole or not at all."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Path | str, storage_options: object = None) -> None:
        with atomic_path(path) as temporary:
            torch.save(checkpoint, temporary)


@contextmanager
def undisturbed(progress: bool) -> Iterator[None]:
    """Restore torch's generator, its choice of algorithms and Ctrl+C afterwards; log little without `progress`."""
    with _restored_randomness(), _readable_errors(), _only_process(progress), warnings.catch_warnings():
        # Lightning's own use of torch, which a user cannot change: a line for each pass over the data
        warnings.filterwarnings("ignore", r".isinstance\(treespec, LeafSpec\). is deprecated", FutureWarning)
        yield


@contextmanager
def _restored_randomness() -> Iterator[None]:
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
def _readable_errors() -> Iterator[None]:
    """Raise KeyboardInterrupt where Lightning exits on Ctrl+C, and one line if a process of several devices ended."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from error
    except (ProcessExitedException, BrokenPipeError) as error:
        raise RuntimeError(
            f"a process of the training ended ({error}); its own message is above. Repeat the call to resume from "
            f"the last complete epoch. If the process ran this script again: {GUARD}"
        ) from None


@contextmanager
def _only_process(progress: bool) -> Iterator[None]:
    """Keep Lightning's hints out of the log without progress, and set rank 0 for the rank that it read at import."""
    ranked: Any = rank_zero_only
    rank, ranked.rank = ranked.rank, 0  # so that this process writes logs and checkpoints under any launcher
    lightning_logger = logging.getLogger("lightning.pytorch")
    level, propagate = lightning_logger.level, lightning_logger.propagate
    lightning_logger.setLevel(level if progress else logging.ERROR)
    lightning_logger.propagate = False  # it has a handler of its own
    try:
        yield
    finally:
        lightning_logger.setLevel(level)
        lightning_logger.propagate = propagate
        ranked.rank = rank
