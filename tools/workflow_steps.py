"""Write the shell of each step of workflows of GitHub, and of each job for GitLab, so that shellcheck can read it.

python -m tools.workflow_steps FOLDER FILE…
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def steps(path: Path) -> Iterator[tuple[str, str]]:
    """Yield a name for a file and the script: of each step with `run:` of a workflow, or of each job for GitLab."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "jobs" not in workflow:
        yield from _of_gitlab(workflow)
        return
    for name, job in workflow["jobs"].items():
        for number, step in enumerate(job["steps"], 1):
            if "run" in step:
                yield f"{path.stem}.{name}.{number}.sh", f"#!/usr/bin/env bash\nset -eo pipefail\n{step['run']}"


def _of_gitlab(pipeline: dict[str, Any]) -> Iterator[tuple[str, str]]:
    before = pipeline["default"]["before_script"]
    for name, job in pipeline.items():
        if "script" in job:
            lines = ["#!/usr/bin/env bash", "set -eo pipefail", *before, *job["script"]]
            yield f"gitlab.{name}.sh", "\n".join(lines)


def write(folder: Path, workflows: list[Path]) -> int:
    """Write the scripts of all steps into a folder, and return their number."""
    found = [each for path in workflows for each in steps(path)]
    folder.mkdir(parents=True)
    for name, script in found:
        (folder / name).write_text(script, encoding="utf-8")
    return len(found)


if __name__ == "__main__":
    print(f"{write(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])} scripts")
