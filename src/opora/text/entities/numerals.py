"""Roman numerals below ninety."""

from __future__ import annotations

_TENS = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX")
_ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
ARABIC = {
    ten + one: str(10 * tens + ones)
    for tens, ten in enumerate(_TENS)
    for ones, one in enumerate(_ONES)
    if ten + one not in ("", "L")
}
"""Roman numeral -> its digits. `L` is left out, which is a letter more often."""
