"""The command `completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from kundenwert.cli.told import show


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"] | None,
        Parameter(help="Shell that the script is for; the one in use if not given."),
    ] = None,
    /,
) -> None:
    """Print the script by which a shell completes commands and options."""
    from kundenwert.cli.app import app  # noqa: PLC0415

    show(app.generate_completion(shell=shell))
