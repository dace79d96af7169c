/* One panel: axes, rules, traces; drawn anew whenever its size, its domain or what is shown changes. */

page.dotsOf = function (trace) {
  if (trace.points) return trace.points;
  trace.points = [];
  for (let i = 0; i + 1 < trace.dots.length; i += 2) {
    const x = trace.dots[i], y = trace.dots[i + 1];
    trace.points.push({ x: x, y: y, text: trace.texts ? trace.texts[i / 2] : "", fine: x !== null && y !== null });
  }
  return trace.points;
};

page.Panel = class {
  /* root: an SVG group; box: {width, height} with margins included. */
  constructor(root, spec, id) {
    this.spec = spec;
    this.root = d3.select(root);
    this.id = id;
    this.named = spec.traces.filter((t) => !t.group && t.line);
    this.labelled = this.named.length > 1 && this.named.length <= 24;
    this.full = this.range("x", spec.traces, null);
  }

  /* [low, high] of an axis over what is shown, within the x range if one is given. */
  range(which, traces, within) {
    const axis = this.spec[which];
    let low = Infinity, high = -Infinity;
    const take = (v) => {
      if (v === null || !isFinite(v) || (axis.scale === "log" && !(v > 0))) return;
      low = Math.min(low, v);
      high = Math.max(high, v);
    };
    for (const trace of traces)
      page.dotsOf(trace).forEach((dot, i, all) => {
        if (!dot.fine) return;
        const next = all[i + 1], before = all[i - 1];
        const inside = (d) => d && d.fine && d.x >= within[0] && d.x <= within[1];
        if (within && !inside(dot) && !(trace.line && (inside(next) || inside(before)))) return;
        take(dot[which]);
        if (this.spec.square) take(dot[which === "x" ? "y" : "x"]);
      });
    for (const rule of this.spec.rules) if (rule.kind === which) take(rule.at);
    if (axis.low !== null) low = axis.low;
    if (axis.high !== null) high = Math.max(axis.high, low);
    return high >= low ? [low, high] : axis.scale === "log" ? [0.1, 1] : [0, 1];
  }

  draw(box, shown, transform, showX) {
    const spec = this.spec, root = this.root;
    root.selectAll("*").remove();
    const longest = this.labelled ? Math.max(...this.named.map((t) => t.name.length)) : 0;
    const gutter = this.labelled ? Math.min(112, 14 + 6.2 * longest) : 0;
    const margin = this.labelled ? { top: 26, right: 52, bottom: showX ? 44 : 14, left: gutter }
      : { top: 26, right: 14, bottom: showX ? 44 : 14, left: 62 };
    const w = Math.max(40, box.width - margin.left - margin.right), h = Math.max(40, box.height - margin.top - margin.bottom);
    this.area = { x: margin.left, y: margin.top, w: w, h: h };
    const traces = spec.traces.filter((t) => shown(t));
    const x0 = page.scaleOf(spec.x, page.padded(spec.x, this.full[0], this.full[1], 0.03), [0, w]);
    this.x = transform.k === 1 ? x0 : transform.rescaleX(x0);
    const within = transform.k === 1 ? null : this.x.domain();
    const y = this.range("y", traces, spec.square ? null : within);
    const y0 = page.scaleOf(spec.y, page.padded(spec.y, y[0], y[1], 0.05), [h, 0]);
    this.y = spec.square && transform.k !== 1 ? transform.rescaleY(y0) : y0;
    const g = root.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    const title = root.append("text").attr("class", "panel-title").attr("x", 0).attr("y", 13).text(spec.title);
    if (spec.y.label !== spec.title) title.append("tspan").attr("class", "axis-label").attr("dx", 8).text(spec.y.label);
    this.axes(g, w, h, showX);
    const clip = "clip-" + this.id;
    g.append("clipPath").attr("id", clip).append("rect").attr("x", -7).attr("y", -7).attr("width", w + 14).attr("height", h + 14);
    const plot = g.append("g").attr("clip-path", `url(#${clip})`);
    this.rules(plot, w, h);
    for (const trace of traces) this.trace(plot, trace);
    this.halo = g.append("g").attr("class", "halo");
    this.overPlot = g;
    if (this.labelled) this.directLabels(g, traces);
    this.traces = traces;
  }

  axes(g, w, h, showX) {
    const spec = this.spec;
    const grid = g.append("g").attr("class", "axis");
    for (const tick of page.ticksOf(spec.y, this.y, 34)) {
      const at = this.y(tick), text = page.tickText(spec.y, tick);
      grid.append("line").attr("class", tick === 0 ? "zero" : "grid").attr("x1", 0).attr("x2", w).attr("y1", at).attr("y2", at);
      const label = grid.append("text").attr("class", "tick").attr("x", this.labelled ? w + 7 : -8).attr("y", at).attr("dy", "0.32em")
        .attr("text-anchor", this.labelled ? "start" : "end");
      page.label(label.node(), text.power, text.plain);
    }
    grid.append("line").attr("class", "base").attr("x1", 0).attr("x2", w).attr("y1", h).attr("y2", h);
    for (const tick of page.ticksOf(spec.x, this.x, spec.x.scale === "log" ? 46 : 74)) {
      const at = this.x(tick), text = page.tickText(spec.x, tick);
      grid.append("line").attr("class", "base").attr("x1", at).attr("x2", at).attr("y1", h).attr("y2", h + 4);
      if (!showX) continue;
      const label = grid.append("text").attr("class", "tick").attr("x", at).attr("y", h + 18).attr("text-anchor", "middle");
      page.label(label.node(), text.power, text.plain);
    }
    if (showX) grid.append("text").attr("class", "axis-label").attr("x", w).attr("y", h + 38).attr("text-anchor", "end").text(spec.x.label);
  }

  rules(plot, w, h) {
    for (const rule of this.spec.rules) {
      const line = plot.append("line").attr("class", "rule");
      if (rule.kind === "y") {
        line.attr("x1", 0).attr("x2", w).attr("y1", this.y(rule.at)).attr("y2", this.y(rule.at));
        if (rule.text) plot.append("text").attr("class", "rule-text").attr("x", w).attr("y", this.y(rule.at) - 5).attr("text-anchor", "end").text(rule.text);
      } else if (rule.kind === "x") {
        line.attr("x1", this.x(rule.at)).attr("x2", this.x(rule.at)).attr("y1", 0).attr("y2", h);
        if (rule.text) plot.append("text").attr("class", "rule-text").attr("x", this.x(rule.at) + (rule.left ? -5 : 5)).attr("y", 10)
          .attr("text-anchor", rule.left ? "end" : "start").text(rule.text);
      } else {
        const a = Math.max(this.x.domain()[0], this.y.domain()[0]), b = Math.min(this.x.domain()[1], this.y.domain()[1]);
        if (b > a) line.attr("x1", this.x(a)).attr("y1", this.y(a)).attr("x2", this.x(b)).attr("y2", this.y(b));
      }
    }
  }

  trace(plot, trace) {
    const dots = page.dotsOf(trace);
    const log = this.spec.y.scale === "log";
    const fine = (d) => d.fine && (!log || d.y > 0);
    const g = plot.append("g").attr("class", "trace colour-" + trace.colour + (trace.thick ? " thick" : "") + (trace.thin ? " thin" : "") +
      (trace.dashed ? " dashed" : ""));
    if (trace.line)
      g.append("path").attr("class", "line").attr("d", d3.line().defined(fine).x((d) => this.x(d.x)).y((d) => this.y(d.y))(dots));
    const shape = page.data.marks[trace.mark];
    if (!shape) return;
    const drop = trace.colour === "signal" && trace.line; /* a fall has its mark at its end alone */
    const size = trace.mark === "disc" ? (trace.thick ? 2.9 : 2.2) : trace.mark === "ring" ? 2.6 : 5.6;
    for (const dot of drop ? dots.slice(-1) : dots)
      if (fine(dot))
        g.append("path").attr("class", shape.open ? "mark open" : "mark").attr("d", shape.path)
          .attr("transform", `translate(${this.x(dot.x)},${this.y(dot.y)}) scale(${size})`).attr("data-mark", trace.mark);
  }

  /* Names beside the left ends of lines, the upper ones first, pushed down where there is no room; what would come too far away has none. */
  directLabels(g, traces) {
    const ends = [];
    for (const trace of traces) {
      if (trace.group || !trace.line) continue;
      const dot = page.dotsOf(trace).find((d) => d.fine && d.x >= this.x.domain()[0]);
      if (dot) ends.push({ trace: trace, want: this.y(dot.y), y: this.y(dot.y), x: this.x(dot.x) });
    }
    ends.sort((a, b) => a.want - b.want);
    const gap = 12.5, reach = 34;
    let last = -Infinity;
    for (const end of ends) {
      end.y = Math.max(end.want, last + gap);
      end.fits = end.y - end.want <= reach && end.y <= this.area.h + gap;
      if (end.fits) last = end.y;
    }
    for (const end of ends.filter((e) => e.fits)) {
      g.append("path").attr("class", "leader").attr("d", `M${end.x - 4},${end.want}L-3,${end.y}`);
      const text = end.trace.name.length > 16 ? end.trace.name.slice(0, 15) + "\u2026" : end.trace.name;
      g.append("text").attr("class", "direct colour-" + end.trace.colour).attr("x", -6).attr("y", end.y).attr("dy", "0.32em")
        .attr("text-anchor", "end").text(text);
    }
  }

  /* The dot nearest to a place of the panel's own coordinates, within reach. */
  nearest(px, py, reach) {
    let best = null, least = reach * reach;
    const log = this.spec.y.scale === "log";
    for (const trace of this.traces) {
      if (trace.silent) continue;
      for (const dot of page.dotsOf(trace)) {
        if (!dot.fine || (log && !(dot.y > 0))) continue;
        const dx = this.x(dot.x) + this.area.x - px, dy = this.y(dot.y) + this.area.y - py;
        const d = dx * dx + dy * dy - (trace.colour === "signal" ? 9 : trace.thick ? 4 : 0);
        if (d < least) {
          least = d;
          best = { trace: trace, dot: dot };
        }
      }
    }
    return best;
  }

  words(hit) {
    const spec = this.spec;
    return hit.dot.text ||
      `${hit.trace.name}: ${spec.y.label} = ${page.value(spec.y, hit.dot.y)} at ${spec.x.label} = ${page.value(spec.x, hit.dot.x)}`;
  }

  mark(hit) {
    this.halo.selectAll("*").remove();
    if (!hit) return null;
    const x = this.x(hit.dot.x), y = this.y(hit.dot.y);
    this.halo.append("line").attr("x1", x).attr("x2", x).attr("y1", 0).attr("y2", this.area.h);
    this.halo.append("circle").attr("class", "colour-" + hit.trace.colour).attr("cx", x).attr("cy", y).attr("r", 7);
    return [this.area.x + x, this.area.y + y];
  }
};
