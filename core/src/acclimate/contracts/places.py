"""Where things are kept on this machine."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return where what can be made again is kept: `ACCLIMATE_CACHE`, else `~/.cache/acclimate`."""
    return Path(os.environ.get("ACCLIMATE_CACHE") or Path.home() / ".cache" / "acclimate")
