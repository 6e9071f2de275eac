"""The report of a run: one HTML page that needs no network and no script, in light and dark."""

from migrations_tools.demo.report.page import page

__all__ = ["page"]
