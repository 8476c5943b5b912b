"""The shell: engine, state, command line, streaming service; everything that touches the world."""

from importlib.metadata import version

__version__ = version("zeromile")
