"""The commands of this plugin; each module imports nothing heavy until its command runs."""
