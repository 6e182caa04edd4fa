#!/usr/bin/env python3
"""Writes src/Message/Folding/compositions.bin from the Unicode Character Database that comes with Python.

    tools/compositions.py src/Message/Folding/compositions.bin

The canonical decompositions, by which text is put into Normalization Form C (Unicode Standard Annex #15).

The file, all numbers little-endian:
    u32 magic "MACO", u32 count
    then per code point that decomposes, ascending: u32 code point, with bit 31 where it is never composed again; u32 first; u32 second or 0
Hangul syllables are not in the table: they decompose by arithmetic (The Unicode Standard, chapter 3.12).
The data are derived from the Unicode Character Database, (c) Unicode, Inc., under the Unicode License V3.
"""
import struct
import sys
import unicodedata

MAGIC = 0x4D41434F
EXCLUDED = 1 << 31


def main(target):
    rows = []
    for cp in range(0x110000):
        parts = unicodedata.decomposition(chr(cp)).split()
        if not parts or parts[0].startswith("<"):
            continue
        parts = [int(p, 16) for p in parts]
        composed = unicodedata.normalize("NFC", "".join(map(chr, parts)))
        rows.append((cp | (0 if composed == chr(cp) else EXCLUDED), parts[0], parts[1] if len(parts) > 1 else 0))
    with open(target, "wb") as out:
        out.write(struct.pack("<II", MAGIC, len(rows)))
        for row in rows:
            out.write(struct.pack("<III", *row))
    print(f"{len(rows)} decompositions of Unicode {unicodedata.unidata_version}")


if __name__ == "__main__":
    main(sys.argv[1])
