"use strict";
// The headings of a table marked data-sortable become buttons. A cell sorts by its data-value, or by its text where the
// column has none; what was not measured stays last in both directions.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const missing = (found) => found === "–";
  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
  const sort = (column) => {
    const turned = headings[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const heading of headings) heading.removeAttribute("aria-sort");
    headings[column].setAttribute("aria-sort", turned === 1 ? "ascending" : "descending");
    const rows = [...body.rows].map((row) => [row, value(row, column)]);
    rows.sort(([, one], [, other]) => missing(one) - missing(other) || turned * compare(one, other));
    body.append(...rows.map(([row]) => row));
  };
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(column));
    heading.append(button);
  });
}
