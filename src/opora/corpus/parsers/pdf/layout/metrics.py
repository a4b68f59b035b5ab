"""Measures of a document's lines: size of its letters, distance of its lines, sides of its regions."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opora.corpus.parsers.pdf.layout.lines import Line

USUAL_LEADING = 1.2
"""Distance between base lines where a document has no two lines of text, in letter sizes."""
MIN_STEPS = 4
"""Number of distances of lines of a size from which a region has its own usual distance."""


@dataclass(slots=True)
class RegionMetrics:
    """Measures of a region: left side of most lines, right side, letter size, distance of base lines by letter size."""

    left: float
    right: float
    size: float
    leadings: dict[float, float]
    usual_leading: float
    """Distance of base lines of other letter sizes, in letter sizes."""

    def leading(self, size: float) -> float:
        """Return the usual distance of base lines of letters of a size, in points."""
        return self.leadings.get(size, self.usual_leading * size)

    @property
    def width(self) -> float:
        """Width from the usual left side to the right one, in points."""
        return max(1.0, self.right - self.left)


@dataclass(slots=True)
class Metrics:
    """Measures of a document. `bold_share` is the share of characters in bold lines."""

    body: float = 10.0
    bold_share: float = 0.0
    leading: float = USUAL_LEADING
    regions: dict[int, RegionMetrics] = field(default_factory=dict)


def measure(lines: Sequence[Line]) -> Metrics:
    """Return the measures of all lines of a document."""
    sizes: Counter[float] = Counter()
    regions: defaultdict[int, list[Line]] = defaultdict(list)
    bold = 0
    for line in lines:
        if not line.apart:
            sizes[line.size] += len(line.text)
            bold += len(line.text) * line.bold
        regions[line.region].append(line)
    metrics = Metrics()
    if not sizes:
        return metrics
    metrics.body = sizes.most_common(1)[0][0] or 1.0
    metrics.bold_share = bold / sizes.total()
    ratios = Counter(round(step / above.size, 1) for region in regions.values() for above, step in _steps(region))
    metrics.leading = ratios.most_common(1)[0][0] if ratios else USUAL_LEADING
    for number, region in regions.items():
        metrics.regions[number] = _measure_region(region, metrics.leading)
    return metrics


def _steps(lines: Sequence[Line]) -> Iterable[tuple[Line, float]]:
    """Yield the distances of the base lines of consecutive lines of one size, with the upper line."""
    for above, below in itertools.pairwise(lines):
        step = below.base - above.base
        if above.size == below.size and 0.8 * above.size < step < 2.5 * above.size:
            yield above, step


def _measure_region(lines: Sequence[Line], leading: float) -> RegionMetrics:
    sizes = Counter[float]()
    for line in lines:
        sizes[line.size] += len(line.text)
    size = sizes.most_common(1)[0][0] or 1.0
    steps: defaultdict[float, list[float]] = defaultdict(list)
    for line, step in _steps(lines):
        steps[line.size].append(step)
    # steps between headings, or between the items of a list, are larger than those of text
    leadings = {
        key: min(sorted(values)[len(values) // 4], 1.5 * leading * key)
        for key, values in steps.items()
        if len(values) >= MIN_STEPS
    }
    lefts = Counter(round(line.x0) for line in lines if line.size == size)
    left = min(lefts.items(), key=lambda pair: (-pair[1], pair[0]))[0] if lefts else lines[0].left
    rights = sorted(line.x1 for line in lines if line.size == size) or [lines[0].right]
    right = statistics.quantiles(rights, n=10)[-1] if len(rights) > 9 else rights[-1]
    usual = leadings[size] / size if size in leadings else leading
    return RegionMetrics(float(left), right, size, leadings, usual)
