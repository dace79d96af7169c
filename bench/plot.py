#!/usr/bin/env python3
"""Draws the tables of bench/scaling.c: plot.py SCALING.md OUT.svg. Seconds of a gradient and of a Hessian-vector product, against rows (left) and
against weights (right), on logarithmic axes, with the slope between the last two points and over all."""
import math
import sys

WIDE, HIGH, LEFT, BELOW, GAP = 380, 300, 60, 45, 40
COLOURS = {"gradient": "#1b6ca8", "product": "#c2571a"}


def tables(path):
    found, now = [], []
    for line in open(path, encoding="utf-8"):
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 8 and cells[0].isdigit():
            now.append([float(c) for c in cells])
        elif now:
            found.append(now)
            now = []
    return found + [now] if now else found


def slope(points):
    """Least squares, of logarithms."""
    x, y = [math.log(p[0]) for p in points], [math.log(p[1]) for p in points]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)


def panel(out, at, label, lines):
    xs = [p[0] for points in lines.values() for p in points]
    ys = [p[1] for points in lines.values() for p in points]
    x0, x1 = math.floor(math.log10(min(xs)) + 1e-9), math.ceil(math.log10(max(xs)) - 1e-9)
    y0, y1 = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def place(x, y):
        return at + (math.log10(x) - x0) / (x1 - x0) * WIDE, 20 + HIGH - (math.log10(y) - y0) / (y1 - y0) * HIGH

    for k in range(x0, x1 + 1):
        x, _ = place(10.0**k, 10.0**y0)
        out.append(f'<path d="M{x:.1f} 20V{20 + HIGH}" stroke="#ddd"/><text x="{x:.1f}" y="{HIGH + 38}" text-anchor="middle">10<tspan dy="-5" '
                   f'font-size="9">{k}</tspan></text>')
    for k in range(y0, y1 + 1):
        _, y = place(10.0**x0, 10.0**k)
        out.append(f'<path d="M{at} {y:.1f}h{WIDE}" stroke="#ddd"/><text x="{at - 6}" y="{y + 4:.1f}" text-anchor="end">10<tspan dy="-5" '
                   f'font-size="9">{k}</tspan></text>')
    out.append(f'<text x="{at + WIDE / 2}" y="{HIGH + 60}" text-anchor="middle">{label}</text>')
    for row, (name, points) in enumerate(lines.items()):
        path = " ".join(("M" if i == 0 else "L") + "{:.1f} {:.1f}".format(*place(*p)) for i, p in enumerate(points))
        out.append(f'<path d="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
        out += ['<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*place(*p), COLOURS[name]) for p in points]
        out.append(f'<text x="{at + 10}" y="{40 + 18 * row}" fill="{COLOURS[name]}">{name}, s: slope {slope(points):.2f}</text>')


def main():
    rows, weights = tables(sys.argv[1])[:2]
    width = 2 * (LEFT + WIDE) + GAP
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HIGH + 70}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{HIGH + 70}" fill="white"/>']
    panel(out, LEFT, "rows (8 inputs, 50 units)", {"gradient": [(r[0], r[4]) for r in rows], "product": [(r[0], r[5]) for r in rows]})
    panel(out, 2 * LEFT + WIDE + GAP // 2, "weights (1000 rows, 8 inputs)",
          {"gradient": [(r[3], r[4]) for r in weights], "product": [(r[3], r[5]) for r in weights]})
    open(sys.argv[2], "w", encoding="utf-8").write("\n".join(out + ["</svg>"]) + "\n")


main()
