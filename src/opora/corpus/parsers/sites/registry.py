"""Registry of site parsers: our own, and those that installed packages name as entry points `opora.sites`."""

from __future__ import annotations

import functools
from importlib import metadata
from typing import TYPE_CHECKING

from opora.corpus.parsers.sites import mediawiki, pravo, sudrf
from opora.corpus.parsers.sites.base import PageChanged, Site, SitePage

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SITES = (mediawiki.SITE, pravo.SITE, sudrf.SITE)
PLUGINS = "opora.sites"
"""Group of the entry points of packages; each names a `Site`."""


def find_site(url: str, root: HtmlElement) -> Site | None:
    """Return the site of a page, given its address (empty if unknown); those of packages come first."""
    sites = (*_plugins(), *SITES)
    by_address = (site for site in sites if url and site.has_address(url))
    return next(by_address, None) or next((site for site in sites if site.has_marks(root)), None)


def read_site_page(site: Site, root: HtmlElement) -> SitePage:
    """Read a page in the newest form that fits. Raises PageChanged, with the part that the newest form lacks."""
    first: PageChanged | None = None
    for version in site.versions:
        try:
            return version.read(root)
        except PageChanged as error:
            first = first or error
    raise first or PageChanged("version")


@functools.cache
def _plugins() -> tuple[Site, ...]:
    return tuple(point.load() for point in metadata.entry_points(group=PLUGINS))
