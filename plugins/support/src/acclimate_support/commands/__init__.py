"""The commands that this plugin adds."""
