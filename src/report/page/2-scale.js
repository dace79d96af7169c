/* Scales and their ticks. */

page.scaleOf = function (axis, domain, range) {
  if (axis.scale === "log") return d3.scaleLog().domain(domain).range(range);
  if (axis.scale === "symlog") return d3.scaleSymlog().constant(axis.linear).domain(domain).range(range);
  return d3.scaleLinear().domain(domain).range(range);
};

/* Some room around what is drawn. */
page.padded = function (axis, low, high, share) {
  const linear = page.scaleOf(axis, [low, high], [0, 1]);
  if (!(high > low)) return axis.scale === "log" ? [low / 2, high * 2] : [low - (Math.abs(low) || 1), high + (Math.abs(high) || 1)];
  return [linear.invert(-share), linear.invert(1 + share)];
};

/* Powers of `base` within the domain, so many that labels have room. */
page.powers = function (scale, base, room) {
  const log = (x) => Math.log(x) / Math.log(base);
  const domain = scale.domain(), range = scale.range();
  const first = Math.ceil(log(domain[0]) - 1e-6), last = Math.floor(log(domain[1]) + 1e-6);
  const most = Math.max(1, Math.abs(range[1] - range[0]) / room);
  const stride = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks = [];
  for (let e = Math.ceil(first / stride) * stride; e <= last; e += stride) ticks.push(Math.pow(base, e));
  return ticks;
};

page.symlogTicks = function (axis, scale, room) {
  const [low, high] = scale.domain(), ticks = [0];
  let before = scale(0);
  const far = (y) => Math.abs(y - before) >= room;
  const least = Math.ceil(Math.log10(axis.linear));
  for (const sign of [1, -1]) {
    before = scale(0);
    for (let e = least; Math.pow(10, e) <= Math.max(high, -low); e++) {
      const x = sign * Math.pow(10, e);
      if (x < low || x > high || !far(scale(x))) continue;
      ticks.push(x);
      before = scale(x);
    }
  }
  return ticks.filter((x) => x >= low && x <= high);
};

page.ticksOf = function (axis, scale, room) {
  if (axis.scale === "symlog") return page.symlogTicks(axis, scale, room);
  if (axis.scale === "log") {
    const ticks = page.powers(scale, axis.binary ? 2 : 10, room);
    const octaves = Math.log2(scale.domain()[1] / scale.domain()[0]);
    if (octaves > (axis.binary ? 2 : 6.7)) return ticks;
  }
  const count = Math.max(2, Math.floor(Math.abs(scale.range()[1] - scale.range()[0]) / room));
  if (axis.scale === "linear") return scale.ticks(count);
  const [low, high] = scale.domain();
  if (high < 2.5 * low) return d3.scaleLinear().domain([low, high]).ticks(count);
  return scale.ticks().filter((x) => [1, 2, 3, 5].includes(Math.round(x / Math.pow(10, Math.floor(Math.log10(x) + 1e-9)))));
};

page.tickText = function (axis, x) {
  if (axis.scale === "linear") return { power: null, plain: page.number(x) };
  const size = Math.abs(x), power = page.powerOf(axis.scale === "log" && axis.binary ? 2 : 10, size);
  const small = power && power.base === 10 && power.exponent >= -2 && power.exponent <= 3;
  if (!power || small || x < 0) {
    if (power && !small) return { power: { base: "\u2212" + power.base, exponent: power.exponent }, plain: "" };
    return { power: null, plain: page.number(x) };
  }
  return { power: power, plain: "" };
};
