/* What all of the page's script shares. Data and texts come from the JSON of the page alone, and reach the document only as text. */
const page = {};

page.data = JSON.parse(document.getElementById("data").textContent);

page.svg = "http://www.w3.org/2000/svg";

/* An element with a class, a text and a parent, each of which may be left out. */
page.element = function (name, className, text, parent) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = text;
  if (parent) parent.appendChild(element);
  return element;
};

page.number = function (x) {
  if (x === null || !isFinite(x)) return "none";
  const text = String(Number(x.toPrecision(5)));
  return text.replace("-", "\u2212").replace("e\u2212", "e-").replace("e+", "e");
};

/* { base: 2, exponent: -3 } where x is a power of it, else null. */
page.powerOf = function (base, x) {
  if (!(x > 0)) return null;
  const exponent = Math.round(Math.log(x) / Math.log(base));
  return Math.abs(x / Math.pow(base, exponent) - 1) < 1e-4 ? { base: base, exponent: exponent } : null;
};

/* A number in words, with a power written as one. */
page.value = function (axis, x) {
  const power = axis.binary ? page.powerOf(2, x) : null;
  return power ? power.base + "^" + String(power.exponent).replace("-", "\u2212") : page.number(x);
};

/* Text with powers written as 2^-3 into an element, exponents raised. */
page.prose = function (element, text) {
  element.replaceChildren();
  for (const part of text.split(/(\^-?\d+)/)) {
    if (/^\^-?\d+$/.test(part)) page.element("sup", null, part.slice(1).replace("-", "\u2212"), element);
    else element.append(part);
  }
};

/* Puts a tick's label into an SVG text element, an exponent raised. */
page.label = function (text, power, plain) {
  text.textContent = power ? power.base : plain;
  if (!power) return;
  const raised = document.createElementNS(page.svg, "tspan");
  raised.setAttribute("dy", "-0.45em");
  raised.setAttribute("class", "raised");
  raised.textContent = String(power.exponent).replace("-", "\u2212");
  text.appendChild(raised);
};
