"""The report: one HTML file that opens offline and that a newcomer can read."""

from streams.report.build import write_report
from streams.report.sources import Sources, describe_sources

__all__ = ["Sources", "describe_sources", "write_report"]
