"""`python -m zeta_geom.cli`."""

from zeta_geom.cli.main import main

main()
