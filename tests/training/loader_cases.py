"""What runs in processes of its own in the tests of training loops; little is imported, for each imports it anew."""

import torch
from torch.utils.data import DataLoader, TensorDataset, default_collate

from zeta_geom.mixers import ZetaMixup


class MixedCollate:
    """Where torchvision's documentation puts MixUp."""

    def __init__(self, mixer):
        self.mixer = mixer

    def __call__(self, samples):
        return self.mixer(*default_collate(samples))


def loaded(rank, epochs=2, workers=2, seed=0):
    """Return every mixed batch of a run, whose loader has the same seed on every rank."""
    loader = DataLoader(
        TensorDataset(torch.eye(24), torch.arange(24) % 3),
        batch_size=6,
        num_workers=workers,
        collate_fn=MixedCollate(ZetaMixup(n_classes=3, random_state=0)),
        generator=torch.Generator().manual_seed(seed),
    )
    return [x for _ in range(epochs) for x, _ in loader]


def distributed_draws(rank, port, queue):
    torch.distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    queue.put([x[:, x.sum(dim=0) > 0].flatten().tolist() for x in loaded(rank, epochs=1, workers=1)])
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
