"""The command line: wires the arrows from transaction log to report, holds no arithmetic."""

from kundenwert.cli.app import app, main

__all__ = ["app", "main"]
