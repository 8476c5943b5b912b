"""The report: one HTML file that opens offline and that a newcomer can read."""

from streams.report.build import Sources, write_report

__all__ = ["Sources", "write_report"]
