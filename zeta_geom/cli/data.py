"""`zeta-geom data …`: fetch, check and list data sets."""

from typing import Annotated

import typer

data_app = typer.Typer(help="Fetch, check and list data sets.", no_args_is_help=True)


@data_app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="mnist, fashion-mnist, …; see `zeta-geom data list`")],
    offline: Annotated[bool, typer.Option(help="use no network: only check the cache")] = False,
) -> None:
    """Fetch a data set into the cache, or check the cached copy.

    Example: zeta-geom data fetch mnist
    """
    from zeta_geom import datasets

    typer.echo(datasets.fetch(name, download=not offline))


@data_app.command("list")
def list_() -> None:
    """List the data sets.

    Example: zeta-geom data list
    """
    from zeta_geom.datasets import DATASETS

    for name, specification in DATASETS.items():
        typer.echo(f"{name:16}{specification.title}; {specification.licence}")
