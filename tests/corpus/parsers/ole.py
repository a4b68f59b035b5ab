"""Writer of OLE containers (compound files), for tests of the formats of Office 97 and Outlook."""

import struct

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, MINI, CUTOFF = 512, 64, 4096


def write_ole(tree):
    """Return a container; `tree` maps names to bytes (streams) or to trees (storages)."""
    entries = [["Root Entry", 5, FREE, FREE, None]]  # name, type, right, child, data
    _add(entries, 0, tree)
    mini, mini_fat, sectors, fat = b"", [], [], []
    places = {}
    for number, (_, kind, _, _, data) in enumerate(entries):
        if kind != 2:
            places[number] = (0, 0)
        elif len(data) < CUTOFF:
            places[number] = (len(mini_fat) if data else END, len(data))
            count = -(-len(data) // MINI)
            mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), END][:count]
            mini += data.ljust(count * MINI, b"\0")
        else:
            places[number] = (_store(sectors, fat, data), len(data))
    places[0] = (_store(sectors, fat, mini) if mini else END, len(mini))
    mini_start = _store(sectors, fat, struct.pack(f"<{len(mini_fat)}I", *mini_fat), b"\xff") if mini_fat else END
    directory = b"".join(_entry(entry, *places[number]) for number, entry in enumerate(entries))
    directory_start = _store(sectors, fat, directory)
    fat_count = 1
    while (len(fat) + fat_count) > fat_count * 128:
        fat_count += 1
    first_fat = len(sectors)
    fat += [FAT] * fat_count
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_count * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6, 0, fat_count,
        directory_start, 0, CUTOFF, mini_start, -(-len(mini_fat) * 4 // SECTOR), END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", *[first_fat + n for n in range(fat_count)], *[FREE] * (109 - fat_count))
    return header + b"".join(sectors) + table


def _add(entries, parent, tree):
    last = None
    for name, content in tree.items():
        number = len(entries)
        entries.append([name, 2 if isinstance(content, bytes) else 1, FREE, FREE, content])
        if last is None:
            entries[parent][3] = number
        else:
            entries[last][2] = number
        last = number
        if not isinstance(content, bytes):
            _add(entries, number, content)


def _store(sectors, fat, data, fill=b"\0"):
    start, count = len(sectors), -(-len(data) // SECTOR)
    data = data.ljust(count * SECTOR, fill)
    sectors += [data[n * SECTOR : (n + 1) * SECTOR] for n in range(count)]
    fat += [*range(start + 1, start + count), END]
    return start


def _entry(entry, start, size):
    name, kind, right, child, _ = entry
    raw = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII36xIQ",
        raw,
        len(raw),
        kind,
        1,
        FREE,
        right,
        child,
        start if size else (END if kind == 2 else 0),
        size,
    )
