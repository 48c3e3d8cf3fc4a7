"""For authors of methods and plugins: tiny models to try them on."""
