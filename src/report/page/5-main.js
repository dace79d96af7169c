page.charts = page.data.charts.map((spec) =>
  new page.Chart(document.querySelector('.chart[data-chart="' + spec.name + '"]'), spec));

/* What is wanted on paper is drawn for the width of the paper. */
for (const event of ["beforeprint", "afterprint"]) window.addEventListener(event, () => page.charts.forEach((chart) => chart.draw()));
document.documentElement.dataset.ready = String(page.charts.length);
