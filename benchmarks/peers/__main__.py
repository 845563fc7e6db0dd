"""`python -m benchmarks.peers`: the comparison on points and mixed batches."""

import typer

from benchmarks.peers.points import main

if __name__ == "__main__":
    typer.run(main)
