"""A notebook's kernel ends without a word, however late its last handler is."""

from importlib import import_module

import nbformat
import pytest

write = import_module("kundenwert.report.write")  # the package has a function of this name
LATE = """
import time

kernel = get_ipython().kernel
reply = kernel.shell_handlers["kernel_info_request"]


async def late(*given):
    await reply(*given)
    time.sleep(0.5)  # the reply is out: whoever waited for it interrupts the kernel now


kernel.shell_handlers["kernel_info_request"] = late
"""


@pytest.fixture
def notebook(tmp_path):
    """Save a notebook of one cell beside nothing else."""

    def _notebook(source):
        page = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_code_cell("data = ''", metadata={"tags": ["parameters"]}),
                nbformat.v4.new_code_cell(source),
            ],
            metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        )
        nbformat.write(page, tmp_path / "template.ipynb")
        return tmp_path / "template.ipynb", tmp_path / "executed.ipynb"

    return _notebook


def test_late_handler_is_not_interrupted(notebook, tmp_path, capfd):
    template, executed = notebook(LATE)
    write._execute(template, executed, tmp_path)
    assert capfd.readouterr() == ("", "")
    assert nbformat.read(executed, as_version=4).metadata.papermill["exception"] is None


def test_failing_cell_is_still_heard(notebook, tmp_path):
    template, executed = notebook("raise ValueError('not a number')")
    with pytest.raises(Exception, match="not a number"):
        write._execute(template, executed, tmp_path)
