"""`zeta-geom …`: the library on a user's own files. A command imports its computing modules when it runs."""

import logging
import sys
from typing import Annotated, Any

import typer

from zeta_geom.cli.audit import audit
from zeta_geom.cli.consoles import spell_out
from zeta_geom.cli.data import data_app
from zeta_geom.cli.dimension import dimension, plan
from zeta_geom.cli.fidelity import fidelity
from zeta_geom.cli.mix import mix
from zeta_geom.cli.mixers import mixers
from zeta_geom.cli.neighbors import neighbors
from zeta_geom.cli.options import ManyValues, show_version
from zeta_geom.cli.realism import realism
from zeta_geom.cli.sweep import sweep_app
from zeta_geom.cli.train import train

app = typer.Typer(
    help="Measure what a data augmentation does to the geometry of a data set.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.add_typer(sweep_app, name="sweep")
app.command(cls=ManyValues)(audit)
app.command()(mix)
app.command()(mixers)
app.command(cls=ManyValues)(dimension)
app.command()(plan)
app.command()(realism)
app.command()(neighbors)
app.command()(fidelity)
app.command()(train)

UsageError: Any = typer.BadParameter.__base__  # wrong words of a command; typer exports no name for this class


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command's name."""


def main() -> None:
    """Run the command line; a user's mistake is reported in one line, with a non-zero exit status."""
    spell_out()
    logging.basicConfig(format="%(message)s")
    try:
        sys.exit(app(standalone_mode=False))
    except UsageError as error:
        if message := error.format_message():  # empty if the help was printed instead
            typer.echo(f"zeta-geom: {' '.join(message.split())} See --help.", err=True)
        sys.exit(2)
    except (ValueError, TypeError, OSError, MemoryError, ImportError) as error:
        typer.echo(f"zeta-geom: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("zeta-geom: interrupted", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
