"""Batches of images for Lightning: the same order for the same (seed, epoch), on any number of devices."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import lightning
from torch import Tensor
from torch.utils.data import DataLoader, Sampler
from torch.utils.data.distributed import DistributedSampler

from zeta_geom.training.data import ImageData, Images

EVALUATED = 256  # images in a batch for evaluation, where results do not depend on it
Batches: TypeAlias = DataLoader[tuple[Tensor, Tensor]]


class ImageLoaders(lightning.LightningDataModule):
    """The three parts of a data set, in batches of (images uint8 (b, C, H, W), labels (b,)); short ones are kept."""

    def __init__(self, data: ImageData, *, batch_size: int, seed: int = 0, num_workers: int = 0) -> None:
        super().__init__()
        self.data = data
        self.batch_size = batch_size
        self.seed = seed
        self.num_workers = num_workers

    def train_dataloader(self) -> Batches:
        """Return the training batches; before each epoch Lightning passes its number to the sampler."""
        count, rank = self._processes()
        sampler: Any = DistributedSampler(self.data.train, count, rank, shuffle=True, seed=self.seed)  # type: ignore[arg-type]
        return self._loader(self.data.train, self.batch_size, sampler)

    def val_dataloader(self) -> Batches:
        """Return the validation batches of a data set that has a validation part."""
        return self._evaluated(self.data.validation)  # type: ignore[arg-type]

    def test_dataloader(self) -> Batches:
        """Return the test batches."""
        return self._evaluated(self.data.test)

    def _evaluated(self, images: Images) -> Batches:
        count, rank = self._processes()
        return self._loader(images, EVALUATED, _EveryNth(len(images), count, rank))

    def _loader(self, images: Images, batch_size: int, sampler: Sampler[int]) -> Batches:
        return DataLoader(
            images,  # type: ignore[arg-type]  # torch takes anything with a length and items
            batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=_return_batch if hasattr(images, "__getitems__") else None,
            pin_memory=self.trainer is not None and self.trainer.strategy.root_device.type == "cuda",
        )

    def _processes(self) -> tuple[int, int]:
        return (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)


class _EveryNth(Sampler[int]):
    """The share of one process in an evaluation; DistributedSampler would pad with repeated images."""

    def __init__(self, n: int, count: int, rank: int) -> None:
        self.indices = range(rank, n, count)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def _return_batch(batch: object) -> Any:
    """Return a batch that `__getitems__` has read whole."""
    return batch
