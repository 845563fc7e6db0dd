"""Small trainings that several test files share, and the program that is killed in one of them."""

import sys
from pathlib import Path

import torch

from zeta_geom.training import Recipe, run

SETTINGS = {
    "name": "tiny",
    "data": "digits",
    "n_train": 96,
    "network": "resnet10-narrow",
    "epochs": 3,
    "optimizer": {"learning_rate": 0.05},
    "augmentation": ("flip", "crop"),
    "mixer": {"name": "zeta", "params": {"gamma": 2.8}},
    "metrics": ("error", "auc"),
    "seeds": (0,),
}


def recipe(**changes):
    return Recipe.model_validate(SETTINGS | changes)


def train(folder, variant=None, **settings):
    settings = {"accelerator": "cpu", "progress": False, "logs": False} | settings
    return run(variant or recipe(), folder=folder, **settings)


if __name__ == "__main__":  # python training_cases.py FOLDER EPOCHS THREADS: trained until it is done or killed
    torch.set_num_threads(int(sys.argv[3]))  # sums are rounded in another order by another number of threads
    train(Path(sys.argv[1]), recipe(epochs=int(sys.argv[2])), logs=True)
