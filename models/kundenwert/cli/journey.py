"""Steps that take a while: announced on a terminal, timed, silent elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class Journey:
    """Announces steps on a terminal, and keeps their seconds."""

    seconds: dict[str, float] = field(default_factory=dict)
    quiet: bool = False
    """Whether nothing is announced, as within a step that is."""

    @cached_property
    def console(self) -> Console:
        """Where steps are announced."""
        from rich.console import Console  # noqa: PLC0415

        return Console(stderr=True, highlight=False)

    @property
    def visible(self) -> bool:
        """Whether somebody is looking."""
        return not self.quiet and sys.stderr.isatty()

    @contextmanager
    def step(self, name: str, *, spin: bool = True) -> Iterator[None]:
        """Time a step under its name; on a terminal show that it is under way, and what it took."""
        started = perf_counter()
        if self.visible and spin:
            with self.console.status(f"{name} ..."):
                yield
        else:
            if self.visible:
                self.console.print(f"{name} ...")
            yield
        self._done(name, started)

    @contextmanager
    def bar(self, name: str, total: int) -> Iterator[Callable[[int], object]]:
        """Time a step whose progress is counted; yields the function to call with each advance."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        started = perf_counter()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True, disable=not self.visible) as progress:
            task = progress.add_task(name, total=total)
            yield lambda done: progress.advance(task, done)
        self._done(name, started)

    def _done(self, name: str, started: float) -> None:
        self.seconds[name] = round(perf_counter() - started, 3)
        if self.visible:
            self.console.print(f"[green]✓[/] {name} [dim]{self.seconds[name]:.1f} s[/]")
