"""opora: a small language model that answers from your documents, cites the place, and proves that it does.

from opora.records import Example, Passage
"""

__version__ = "0.2.0.dev0"
