#!/usr/bin/env python3
"""Writes src/Message/Folding/casemap.bin from the Unicode Character Database.

    tools/casemap.py UnicodeData.txt src/Message/Folding/casemap.bin

For every code point, what text is compared by: RFC 5051's preparation (titlecase, then decomposition of any kind, recursively),
repeated until nothing changes, so that a ligature's lower-case letters meet upper-case ones as well; a capital without a small
letter that maps back to it (U+1E9E) becomes that small letter. And the canonical combining classes, for canonical order.

The file, all numbers little-endian:
    u32 magic "MACM", u16 version, u16 Unicode major version, u32 counts of: blocks, pool units, classes
    u16[0x30000 / 64]   block of each 64 code points; beyond, nothing is mapped
    u16[blocks * 64]    per code point: 0 itself, else 1 + the index in `starts`
    u32 count, u32[count] starts: place in the pool << 8 | UTF-16 units
    u16[pool units]     the replacements in UTF-16
    u32 count, then per run of equal classes: u32 first << 8 | class, u32 last
Hangul syllables are not in the table: they decompose by arithmetic (The Unicode Standard, chapter 3.12).
The data are derived from the Unicode Character Database, (c) Unicode, Inc., under the Unicode License V3.
"""
import struct
import sys

MAGIC = 0x4D43414D
BLOCK = 64
END = 0x30000  # Asserted below.


def read(path):
    title, lower, decomposition, classes = {}, {}, {}, {}
    for line in open(path, encoding="ascii"):
        f = line.rstrip("\n").split(";")
        cp = int(f[0], 16)
        mapped = f[14] or f[12]
        if mapped and int(mapped, 16) != cp:
            title[cp] = int(mapped, 16)
        if f[13]:
            lower[cp] = int(f[13], 16)
        if f[5]:
            parts = [p for p in f[5].split() if not p.startswith("<")]
            decomposition[cp] = [int(p, 16) for p in parts]
        if f[3] != "0":
            classes[cp] = int(f[3])
    return title, lower, decomposition, classes


def folder(title, lower, decomposition):
    def fold(cp, seen=()):
        if cp in seen:
            return [cp]
        if cp in title:
            return fold(title[cp], (*seen, cp))
        if cp in decomposition:
            return [c for part in decomposition[cp] for c in fold(part, (*seen, cp))]
        if cp in lower and title.get(lower[cp], lower[cp]) != cp:
            return fold(lower[cp], (*seen, cp))
        return [cp]
    return fold


def main(source, target):
    title, lower, decomposition, classes = read(source)
    fold = folder(title, lower, decomposition)
    assert max([*title, *lower, *decomposition]) < END
    pool, starts, known = [], [], {}
    blocks, block_index, table = [tuple([0] * BLOCK)], {tuple([0] * BLOCK): 0}, []
    for first in range(0, END, BLOCK):
        block = []
        for cp in range(first, first + BLOCK):
            if 0xD800 <= cp < 0xE000:
                block.append(0)
                continue
            folded = fold(cp)
            if folded == [cp]:
                block.append(0)
                continue
            text = tuple(struct.unpack(f"<{len(u) // 2}H", u)) if (u := "".join(map(chr, folded)).encode("utf-16-le")) else ()
            if text not in known:
                starts.append(len(pool) << 8 | len(text))
                known[text] = len(starts)
                pool.extend(text)
            block.append(known[text])
        key = tuple(block)
        if key not in block_index:
            block_index[key] = len(blocks)
            blocks.append(key)
        table.append(block_index[key])
    runs = []
    for cp in sorted(classes):
        if runs and runs[-1][1] == cp - 1 and runs[-1][2] == classes[cp]:
            runs[-1][1] = cp
        else:
            runs.append([cp, cp, classes[cp]])
    out = struct.pack("<IHHIII", MAGIC, 1, 15, len(blocks), len(pool), len(runs))
    out += struct.pack(f"<{len(table)}H", *table)
    for block in blocks:
        out += struct.pack(f"<{BLOCK}H", *block)
    out += struct.pack("<I", len(starts)) + struct.pack(f"<{len(starts)}I", *starts)
    out += struct.pack(f"<{len(pool)}H", *pool)
    out += struct.pack("<I", len(runs))
    for first, last, combining in runs:
        out += struct.pack("<II", first << 8 | combining, last)
    open(target, "wb").write(out)
    print(f"{len(out)} octets: {len(blocks)} blocks, {len(starts)} replacements, {len(pool)} units, {len(runs)} runs of classes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
