"""`zeta-geom mixers`: the table of methods."""

from typing import Annotated

import typer

from zeta_geom.cli.consoles import in_columns


def mixers(
    markdown: Annotated[bool, typer.Option(help="print the page docs/mixers.md, with sources and ideas")] = False,
) -> None:
    """List the mixers: the paper's Table 2 as the code implements it, and the methods that are learned.

    Example: zeta-geom mixers
    """
    from zeta_geom.mixers.table import method_page, method_table

    if markdown:
        typer.echo(method_page(), nl=False)
        return
    table = method_table().drop(columns=["idea", "source"])
    typer.echo(in_columns([[str(name) for name in table.columns], *table.to_numpy().tolist()]))
