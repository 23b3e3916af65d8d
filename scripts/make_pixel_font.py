"""Writes src/look/figures/pixel_font_data.ts: the letters of PNG files, ten pixels wide and twenty tall.

They are those of X11's font "10x20" (misc-fixed), which is in the public domain: Debian's package xfonts-base has it.

    python3 scripts/make_pixel_font.py /usr/share/fonts/X11/misc/10x20.pcf.gz
"""

import base64
import gzip
import struct
import sys
import zlib
from pathlib import Path

WIDTH, HEIGHT = 10, 20
# Latin with its extensions, Greek, Cyrillic, and the marks that figures and names are written with.
RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x18F, 0x192), (0x1A0, 0x1B0), (0x1CD, 0x1DC), (0x1E6, 0x1ED), (0x1F8, 0x21B),
          (0x384, 0x3CE), (0x400, 0x45F), (0x490, 0x491), (0x1E80, 0x1E85), (0x1EA0, 0x1EF9),
          (0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030),
          (0x2039, 0x203A), (0x2044, 0x2044), (0x2070, 0x2079), (0x2080, 0x2089), (0x20AC, 0x20AC),
          (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2195), (0x2212, 0x2212), (0x221E, 0x221E), (0x2248, 0x2248),
          (0x2260, 0x2260), (0x2264, 0x2265)]

METRICS, BITMAPS, ENCODINGS = 1 << 2, 1 << 3, 1 << 5


def table(font, kind):
    (count,) = struct.unpack_from("<I", font, 4)
    for i in range(count):
        found, form, _, offset = struct.unpack_from("<4I", font, 8 + 16 * i)
        if found == kind:
            return form, offset
    raise ValueError(f"no table {kind}")


def glyphs(font):
    """Rows of each character, from the top."""
    form, at = table(font, METRICS)
    order = ">" if form & 4 else "<"
    if form & 0x100:
        (count,) = struct.unpack_from(order + "H", font, at + 4)
        metrics = [tuple(b - 0x80 for b in font[at + 6 + 5 * i : at + 11 + 5 * i]) for i in range(count)]
    else:
        (count,) = struct.unpack_from(order + "I", font, at + 4)
        metrics = [struct.unpack_from(order + "5h", font, at + 8 + 12 * i) for i in range(count)]
    form, at = table(font, BITMAPS)
    order, pad, high = (">" if form & 4 else "<"), 1 << (form & 3), bool(form & 8)
    (count,) = struct.unpack_from(order + "I", font, at + 4)
    offsets = struct.unpack_from(f"{order}{count}I", font, at + 8)
    data = at + 8 + 4 * count + 16
    form, at = table(font, ENCODINGS)
    order = ">" if form & 4 else "<"
    low2, high2, low1, high1, _ = struct.unpack_from(order + "5H", font, at + 4)
    ascent = 16
    for first in range(low1, high1 + 1):
        for second in range(low2, high2 + 1):
            place = (first - low1) * (high2 - low2 + 1) + second - low2
            (glyph,) = struct.unpack_from(order + "H", font, at + 14 + 2 * place)
            if glyph == 0xFFFF:
                continue
            left, right, _, up, down = metrics[glyph]
            stride = -(-(right - left) // (8 * pad)) * pad
            rows = [0] * HEIGHT
            for y in range(up + down):
                row = font[data + offsets[glyph] + y * stride :][:stride]
                for x in range(right - left):
                    bit = (row[x // 8] >> (7 - x % 8 if high else x % 8)) & 1
                    top = ascent - up + y
                    if bit and 0 <= top < HEIGHT and 0 <= left + x < WIDTH:
                        rows[top] |= 1 << (WIDTH - 1 - left - x)
            yield first * 256 + second, rows


font = gzip.open(sys.argv[1]).read()
known = dict(glyphs(font))
# What the font draws for characters that it does not have would be taken for letters.
codes = [code for low, high in RANGES for code in range(low, high + 1) if code in known]
packed = bytearray()
for code in codes:
    bits = 0
    for row in known[code]:
        bits = bits << WIDTH | row
    packed += bits.to_bytes(WIDTH * HEIGHT // 8, "big")
runs = []
for code in codes:
    if runs and runs[-1][1] == code - 1:
        runs[-1][1] = code
    else:
        runs.append([code, code])
text = base64.b64encode(zlib.compress(bytes(packed), 9)).decode()
lines = [text[i : i + 104] for i in range(0, len(text), 104)]
shown = ", ".join(f"[{low:#x}, {high:#x}]" for low, high in runs)
Path("src/look/figures/pixel_font_data.ts").write_text(
    "/** Written by scripts/make_pixel_font.py: X11's font 10x20 (misc-fixed), in the public domain. */\n\n"
    "/** Code points of its characters, from the first to the last of each range. */\n"
    f"export const RANGES: readonly (readonly [first: number, last: number])[] = [{shown}];\n\n"
    "/** 25 bytes for each, ten bits a row from the top: zlib, as base64. */\n"
    "export const BITMAPS =\n  " + " +\n  ".join(f'"{line}"' for line in lines) + ";\n"
)
print(len(codes), len(packed), len(text))
