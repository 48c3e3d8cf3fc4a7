"""The command line: parse, call the API, print. It imports nothing heavy until a command needs it."""

from acclimate.cli.app import main

__all__ = ["main"]
