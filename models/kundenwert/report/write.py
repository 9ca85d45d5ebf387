"""Write the results into a folder, and render the page from the parametrised notebook."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import jinja2
import nbformat
import papermill
from jupyter_client.manager import AsyncKernelManager
from nbconvert import HTMLExporter

from kundenwert.bayes import Fit, paired, resolved_priors
from kundenwert.files.places import POSTERIOR, SPEND_POSTERIOR
from kundenwert.files.publish import MANIFEST, staged
from kundenwert.files.tables import whole_file, write_json, write_parquet, write_result
from kundenwert.report.gather import Results
from kundenwert.report.run import Manifest

# A kernel is interrupted before it is asked to end, and says so where its last handler is still at work: it listens to
# the request alone.
DEAF_TO_INTERRUPTS = "get_ipython().kernel.pre_handler_hook = get_ipython().kernel.post_handler_hook = lambda: None"
PACKAGES = ("kundenwert", "pymc", "nutpie", "arviz", "numpy", "scipy", "pandas", "duckdb", "ibis-framework")


def write(
    results: Results,
    out: str | Path,
    *,
    title: str,
    options: Mapping[str, object],
    seconds: dict[str, float],
    german: bool = False,
    full_precision: bool = False,
) -> Path:
    """Write tables, posteriors, manifest and the rendered report; all files appear together at the end.

    Parameters
    ----------
    results
        What `gather` returned.
    out
        Folder for the files; made if missing, files of the same names are replaced.
    title
        Name shown on the report; plain text.
    options
        Options of the run, for the manifest.
    seconds
        Seconds of the steps before; the rendering adds its own.
    german
        Write CSV files with semicolons and decimal commas.
    full_precision
        Write CSV files with all digits, as the Parquet files have them, instead of cents and four decimals.

    Returns
    -------
    Path
        The rendered report.
    """
    purchases, spend = paired(results.purchases, results.spend)
    results = replace(results, purchases=purchases, spend=spend)
    with staged(out, "report") as staging:
        purchases.save(staging / POSTERIOR)
        spend.save(staging / SPEND_POSTERIOR)
        for table in ("customers", "cohorts"):
            content = results.tables[table]
            write_result(content, staging / f"{table}.csv", german=german, full_precision=full_precision)
            write_parquet(content, staging / f"{table}.parquet")
        manifest = _manifest(results, title, options, seconds)
        started = perf_counter()
        _render(results, manifest, staging / "report.html")
        seconds["Rendering the report"] = round(perf_counter() - started, 3)
        write_json(manifest | {"seconds": seconds}, staging / MANIFEST)
    return Path(out) / "report.html"


def _manifest(results: Results, title: str, options: Mapping[str, object], seconds: Mapping[str, float]) -> Manifest:
    fits: dict[str, Fit[Any]] = {"purchases": results.purchases, "spend": results.spend}
    return {
        "title": title,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": results.summary.source.to_dict(),
        "rows": results.summary.account.to_dict(),
        "options": dict(options),
        "models": {
            key: {
                "model": fit.model.name,
                "priors": {name: str(prior) for name, prior in resolved_priors(fit.model).items()},
                **fit.info,
                "diagnosis": fit.diagnosis.to_dict(),
            }
            for key, fit in fits.items()
        },
        "marks": list(results.values.marks),
        "totals": results.facts["totals"],
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "seconds": dict(seconds),
    }


def _render(results: Results, manifest: Manifest, page: Path) -> None:
    """Run the notebook on the tables, and put what it shows into one self-contained page."""
    with tempfile.TemporaryDirectory(dir=page.parent, prefix=".page-") as name:
        folder = Path(name)
        for key, table in results.tables.items():
            write_parquet(table, folder / f"{key}.parquet")
        write_json(results.facts, folder / "facts.json")
        write_json(manifest, folder / "manifest.json")
        shutil.copy(str(files("kundenwert.report") / "template.ipynb"), folder / "template.ipynb")
        _execute(folder / "template.ipynb", folder / "executed.ipynb", folder)
        notebook = nbformat.read(folder / "executed.ipynb", as_version=4)
    for cell in notebook.cells:  # what a kernel says on the side, warnings with paths among it, is not for the page
        cell.outputs = [output for output in cell.get("outputs", []) if output.output_type != "stream"]
    exporter = HTMLExporter(template_name="basic", exclude_input=True, exclude_input_prompt=True)
    exporter.exclude_output_prompt = True
    body, _ = exporter.from_notebook_node(notebook)
    layout = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        (files("kundenwert.report") / "page.html.j2").read_text(encoding="utf-8")
    )
    style = (files("kundenwert.report") / "style.css").read_text(encoding="utf-8")
    text = layout.render(title=manifest["title"], body=body, style=style)
    with whole_file(page) as partial:
        partial.write_text(text, encoding="utf-8")


def _execute(template: Path, executed: Path, folder: Path) -> None:
    """Papermill without its chatter, without a debugger's warnings in the kernel, and with a quiet end."""
    before = os.environ.get("PYDEVD_DISABLE_FILE_VALIDATION")
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        _run(
            lambda kind: papermill.execute_notebook(
                str(template),
                str(executed),
                parameters={"data": str(folder)},
                kernel_name="python3",
                progress_bar=False,
                extra_arguments=["--log-level=40", f"--IPKernelApp.exec_lines={DEAF_TO_INTERRUPTS}"],
                kernel_manager_class=kind,
            )
        )
    finally:
        logger.setLevel(level)
        if before is None:
            del os.environ["PYDEVD_DISABLE_FILE_VALIDATION"]
        else:
            os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = before


def _run(execute: Callable[[type[AsyncKernelManager]], object]) -> None:
    """Execute in a thread, so that this one hears signals, not the notebook's runner; stopped, it ends the kernel."""
    started: list[AsyncKernelManager] = []

    class Known(AsyncKernelManager):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            started.append(self)

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(_with_loop, lambda: execute(Known))
        try:
            work.result()
        except BaseException:
            while not work.done():  # it may be about to start one
                for pid in [getattr(kernel.provisioner, "pid", None) for kernel in started]:
                    if pid:
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                sleep(0.1)
            raise


def _with_loop(step: Callable[[], object]) -> None:
    """Run a step in a thread of its own, and close the event loop that it leaves there."""
    try:
        step()
    finally:
        with suppress(RuntimeError):  # there is none
            asyncio.get_event_loop().close()
