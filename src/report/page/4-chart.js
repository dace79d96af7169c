/* A chart: controls, legend, panels, and what a hand, a keyboard and a screen reader do with them. */

page.counter = 0;

page.Chart = class {
  constructor(host, spec) {
    this.host = host;
    this.spec = spec;
    this.frame = spec.initial;
    this.hidden = new Set();
    this.transform = d3.zoomIdentity;
    this.at = null; /* { panel, trace, dot } under the keyboard */
    host.replaceChildren();
    this.controls = page.element("div", "controls", null, host);
    this.stage = page.element("div", "stage", null, host);
    this.frameControl();
    this.legend = page.element("div", "legend", null, this.controls);
    this.zoomButtons();
    this.svg = d3.select(this.stage).append("svg").attr("tabindex", 0).attr("role", "application")
      .attr("aria-roledescription", "chart").attr("aria-label", spec.title + ". " + host.dataset.alt)
      .attr("aria-describedby", "keys");
    this.tip = page.element("div", "tip", null, this.stage);
    this.tip.hidden = true;
    this.live = page.element("p", "unseen", null, host);
    this.live.setAttribute("role", "status");
    this.table();
    this.handlers();
    this.open(this.frame);
    new ResizeObserver(() => {
      if (this.stage.clientWidth !== this.width) this.draw();
    }).observe(this.stage);
  }

  frameControl() {
    const frames = this.spec.frames;
    if (frames.length < 2) return;
    const id = "frame-" + this.spec.name, label = page.element("label", "frame", this.spec.frameWord, this.controls);
    label.htmlFor = id;
    if (this.spec.frameWord !== "penalty") {
      const select = page.element("select", null, null, label);
      select.id = id;
      frames.forEach((f, i) => {
        page.element("option", null, f.label, select).value = i;
      });
      select.value = this.frame;
      select.addEventListener("change", () => this.open(Number(select.value)));
      return;
    }
    const slider = page.element("input", null, null, label);
    slider.type = "range";
    slider.id = id;
    slider.min = 0;
    slider.max = frames.length - 1;
    slider.value = this.frame;
    this.output = page.element("output", null, "", label);
    slider.addEventListener("input", () => {
      this.open(Number(slider.value));
      slider.setAttribute("aria-valuetext", frames[this.frame].label);
    });
    slider.setAttribute("aria-valuetext", frames[this.frame].label);
  }

  zoomButtons() {
    const group = page.element("div", "zoom", null, this.controls);
    const button = (text, name, act) => {
      const b = page.element("button", null, text, group);
      b.type = "button";
      b.title = name;
      b.setAttribute("aria-label", name + ": " + this.spec.title);
      b.addEventListener("click", act);
    };
    button("\u2212", "zoom out", () => this.zoomBy(1 / 1.6));
    button("+", "zoom in", () => this.zoomBy(1.6));
    button("\u21ba", "show everything", () => this.zoomTo(d3.zoomIdentity));
  }

  /* Entries of the legend: groups of traces, in the order in which they come. */
  drawLegend() {
    const seen = new Map();
    for (const panel of this.panelSpecs())
      for (const trace of panel.traces)
        if (trace.group && (!seen.has(trace.group) || (seen.get(trace.group).thin && !trace.thin))) seen.set(trace.group, trace);
    this.legend.replaceChildren();
    if (seen.size < 2) return;
    for (const [group, trace] of seen) {
      const button = page.element("button", "entry", null, this.legend);
      button.type = "button";
      button.setAttribute("aria-pressed", String(!this.hidden.has(group)));
      const sample = d3.select(button).append("svg").attr("viewBox", "-13 -7 26 14").attr("aria-hidden", "true")
        .append("g").attr("class", "trace colour-" + trace.colour + (trace.thick ? " thick" : "") + (trace.thin ? " thin" : ""));
      if (trace.line) sample.append("path").attr("class", "line").attr("d", "M-12,0H12");
      const shape = page.data.marks[trace.mark];
      if (shape) sample.append("path").attr("class", shape.open ? "mark open" : "mark").attr("d", shape.path)
        .attr("transform", `scale(${trace.mark === "disc" || trace.mark === "ring" ? 3 : 5})`);
      page.element("span", null, group, button);
      button.addEventListener("click", () => {
        if (this.hidden.has(group)) this.hidden.delete(group);
        else this.hidden.add(group);
        button.setAttribute("aria-pressed", String(!this.hidden.has(group)));
        this.draw();
      });
    }
  }

  panelSpecs() {
    return this.spec.frames[this.frame].panels;
  }

  open(frame) {
    this.frame = frame;
    if (this.output) page.prose(this.output, this.spec.frames[frame].label);
    this.svg.selectAll("g.panel").remove();
    this.panels = this.panelSpecs().map((spec) => new page.Panel(this.svg.append("g").attr("class", "panel").node(), spec, page.counter++));
    this.at = null;
    this.drawLegend();
    this.draw();
    if (this.details.open) this.fillTable();
  }

  /* Where each panel stands: beside each other where there is room and the chart says so, else stacked. */
  layout() {
    const n = this.panels.length, beside = this.spec.beside && this.width > 620 && n > 1;
    const gap = 24, columns = beside ? 2 : 1, width = (this.width - gap * (columns - 1)) / columns;
    const tall = this.width < 480 ? 260 : this.spec.beside ? 320 : n > 1 ? 310 : 380, low = this.spec.beside ? tall : 190;
    let y = 0;
    const boxes = [];
    this.panels.forEach((panel, i) => {
      const height = i === 0 ? tall : low;
      boxes.push({ x: beside ? (i % 2) * (width + gap) : 0, y: y, width: width, height: height });
      if (!beside || i % 2 || i === n - 1) y += height + 6;
    });
    this.height = y;
    return boxes;
  }

  draw() {
    this.width = this.stage.clientWidth;
    if (!this.width) return;
    const boxes = this.layout();
    this.svg.attr("viewBox", `0 0 ${this.width} ${this.height}`).attr("height", this.height);
    const shown = (trace) => !this.hidden.has(trace.group);
    this.panels.forEach((panel, i) => {
      const box = boxes[i];
      panel.box = box;
      panel.root.attr("transform", `translate(${box.x},${box.y})`);
      panel.draw(box, shown, this.transform, this.spec.beside || i === this.panels.length - 1);
    });
    this.svg.classed("zoomed", this.transform.k !== 1);
    if (this.at) this.say(this.at, false);
    else this.hush();
    this.extent();
  }

  /* What the zoom moves in: the first panel's plot. */
  extent() {
    const area = this.panels[0].area;
    this.zoom.extent([[0, 0], [area.w, area.h]]).translateExtent([[0, 0], [area.w, area.h]]);
  }

  zoomTo(transform) {
    this.svg.call(this.zoom.transform, transform);
  }

  zoomBy(factor) {
    this.svg.call(this.zoom.scaleBy, factor);
  }

  panelAt(x, y) {
    return this.panels.find((p) => x >= p.box.x && x <= p.box.x + p.box.width && y >= p.box.y && y <= p.box.y + p.box.height);
  }

  handlers() {
    this.zoom = d3.zoom().scaleExtent([1, 60])
      .filter(() => {
        const e = d3.event;
        if (e.type === "wheel") return e.ctrlKey || e.metaKey;
        return !e.button && (e.type !== "touchstart" || e.touches.length > 1 || this.transform.k > 1);
      })
      .on("zoom", () => {
        this.transform = d3.event.transform;
        this.at = null;
        this.draw();
      });
    this.svg.call(this.zoom);
    const node = this.svg.node();
    const move = (e) => {
      const box = node.getBoundingClientRect(), scale = this.width / box.width;
      const x = (e.clientX - box.left) * scale, y = (e.clientY - box.top) * scale, panel = this.panelAt(x, y);
      const hit = panel ? panel.nearest(x - panel.box.x, y - panel.box.y, e.pointerType === "touch" ? 60 : 36) : null;
      if (hit) this.say({ panel: panel, trace: hit.trace, dot: hit.dot }, false);
      else this.hush();
    };
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerdown", move);
    node.addEventListener("pointerleave", () => (this.at ? this.say(this.at, false) : this.hush()));
    node.addEventListener("blur", () => {
      this.at = null;
      this.hush();
    });
    node.addEventListener("keydown", (e) => this.key(e));
  }

  /* Left and right: along a trace. Up and down: to another trace. Page up and down: to another panel. */
  key(e) {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (step) this.walk(step[0], step[1]);
    else if (e.key === "PageDown" || e.key === "PageUp") this.nextPanel(e.key === "PageDown" ? 1 : -1);
    else if (e.key === "Home" || e.key === "End") this.walk(e.key === "End" ? Infinity : -Infinity, 0);
    else if (e.key === "+" || e.key === "=") this.zoomBy(1.6);
    else if (e.key === "-") this.zoomBy(1 / 1.6);
    else if (e.key === "0") this.zoomTo(d3.zoomIdentity);
    else if (e.key === "Escape") {
      this.at = null;
      this.hush();
    } else return;
    e.preventDefault();
  }

  readable(panel) {
    return panel.traces.filter((t) => !t.silent && page.dotsOf(t).some((d) => d.fine));
  }

  nextPanel(step) {
    const now = this.at ? this.panels.indexOf(this.at.panel) : -1;
    const panel = this.panels[(now + step + this.panels.length) % this.panels.length], traces = this.readable(panel);
    if (traces.length) this.stand(panel, traces[0], 0);
  }

  walk(along, across) {
    const panel = this.at ? this.at.panel : this.panels[0], traces = this.readable(panel);
    if (!traces.length) return;
    let trace = this.at && traces.includes(this.at.trace) ? this.at.trace : traces[0];
    let dots = page.dotsOf(trace).filter((d) => d.fine);
    let place = this.at ? Math.max(0, dots.indexOf(this.at.dot)) : 0;
    if (this.at && across) {
      const x = this.at.dot.x;
      trace = traces[(traces.indexOf(trace) + across + traces.length) % traces.length];
      dots = page.dotsOf(trace).filter((d) => d.fine);
      const far = (dot) => Math.abs(panel.x(dot.x) - panel.x(x));
      place = d3.scan(dots, (a, b) => far(a) - far(b));
    } else if (this.at) {
      place = Math.min(dots.length - 1, Math.max(0, place + along));
    }
    this.stand(panel, trace, place);
  }

  stand(panel, trace, place) {
    const dots = page.dotsOf(trace).filter((d) => d.fine);
    this.at = { panel: panel, trace: trace, dot: dots[Math.max(0, Math.min(place, dots.length - 1))] };
    const inside = this.at.dot.x >= panel.x.domain()[0] && this.at.dot.x <= panel.x.domain()[1];
    if (!inside) {
      const at = this.at;
      this.zoomTo(d3.zoomIdentity);
      this.at = at;
    }
    this.say(this.at, true);
  }

  say(at, aloud) {
    for (const panel of this.panels) if (panel !== at.panel) panel.mark(null);
    const [x, y] = at.panel.mark(at), words = at.panel.words(at);
    page.prose(this.tip, words.replace(/\^\u2212/g, "^-"));
    this.tip.hidden = false;
    const left = at.panel.box.x + x, top = at.panel.box.y + y, room = this.tip.offsetWidth;
    this.tip.style.left = Math.max(0, Math.min(this.width - room, left - room / 2)) + "px";
    const above = top - this.tip.offsetHeight - 14;
    this.tip.style.top = (above < 0 ? top + 16 : above) + "px";
    if (aloud) this.live.textContent = words;
  }

  hush() {
    for (const panel of this.panels) if (panel.halo) panel.mark(null);
    this.tip.hidden = true;
  }

  /* ---- the numbers behind the picture */

  table() {
    this.details = page.element("details", "numbers", null, this.host);
    page.element("summary", null, "The numbers", this.details);
    this.numbers = page.element("div", "scroll", null, this.details);
    this.numbers.tabIndex = 0;
    this.numbers.setAttribute("role", "region");
    this.numbers.setAttribute("aria-label", "numbers of " + this.spec.title);
    this.details.addEventListener("toggle", () => {
      if (this.details.open) this.fillTable();
    });
  }

  fillTable() {
    const most = 3000;
    this.numbers.replaceChildren();
    for (const panel of this.panelSpecs()) {
      const table = page.element("table", null, null, this.numbers);
      page.element("caption", null, panel.title, table);
      const head = page.element("tr", null, null, page.element("thead", null, null, table)), body = page.element("tbody", null, null, table);
      for (const name of ["of", panel.x.label, panel.y.label]) page.element("th", name === "of" ? "words" : null, name, head).scope = "col";
      let rows = 0;
      for (const trace of panel.traces)
        for (const dot of trace.silent ? [] : page.dotsOf(trace)) {
          if (!dot.fine || rows++ >= most) continue;
          const row = page.element("tr", null, null, body);
          page.element("th", "words", trace.name, row).scope = "row";
          page.element("td", null, page.value(panel.x, dot.x), row);
          page.element("td", null, page.value(panel.y, dot.y), row);
        }
    }
  }
};
