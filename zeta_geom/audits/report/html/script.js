"use strict";
(() => {
  const status = document.getElementById("status");
  const collator = new Intl.Collator("en", { numeric: true });
  const say = (text) => { status.textContent = text; };

  // The value that a cell is sorted by; null where there is none.
  const valueOf = (cell, numeric) => {
    const text = cell.dataset.v ?? cell.textContent.trim();
    if (text === "") return null;
    return numeric ? Number(text.replaceAll("\u2212", "-").replace("\u221e", "Infinity")) : text;
  };

  const sortBy = (table, original, place, header) => {
    const next = { none: "ascending", ascending: "descending", descending: "none" };
    const way = next[header.getAttribute("aria-sort") ?? "none"];
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    const name = header.textContent.trim();
    const body = table.tBodies[0];
    if (way === "none") {
      body.append(...original);
      say(`${original.length} rows in their first order.`);
      return;
    }
    header.setAttribute("aria-sort", way);
    const numeric = header.classList.contains("n");
    const sign = way === "ascending" ? 1 : -1;
    const keyed = original.map((row) => [valueOf(row.cells[place], numeric), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);  // absent values come last, both ways
      return sign * (numeric ? (a > b) - (a < b) : collator.compare(a, b));
    });
    body.append(...keyed.map(([, row]) => row));
    say(`${original.length} rows sorted by ${name}, ${way}.`);
  };

  for (const table of document.querySelectorAll(".table table")) {
    const original = [...table.tBodies[0].rows];
    if (original.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((header, place) => {
      const button = document.createElement("button");
      button.type = "button";
      const label = document.createElement("span");
      label.append(...header.childNodes);
      button.append(label);
      header.append(button);
      button.addEventListener("click", () => sortBy(table, original, place, header));
    });
  }

  for (const frame of document.querySelectorAll(".table .scroll")) {
    frame.addEventListener("scroll", () => frame.classList.toggle("scrolled", frame.scrollLeft > 0), { passive: true });
  }

  const save = (blob, file) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(`${file} is ready.`);
  };

  const unpack = async (base64, file) => {
    const packed = new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]);
    if (typeof DecompressionStream === "undefined") {
      save(packed, `${file}.gz`);
      return;
    }
    const stream = packed.stream().pipeThrough(new DecompressionStream("gzip"));
    const content = await new Response(stream).arrayBuffer();
    save(new Blob([content], { type: "text/csv;charset=utf-8" }), file);
  };

  const makeButton = (label, file, base64) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", async () => {
      button.disabled = true;
      say(`Preparing ${file}.`);
      try {
        await unpack(base64(), file);
      } catch (error) {
        say(`${file} could not be unpacked: ${error.message}`);
      } finally {
        button.disabled = false;
        button.focus();
      }
    });
    return button;
  };

  for (const link of document.querySelectorAll("a[data-label]")) {
    const file = link.download.replace(/\.gz$/, "");
    link.before(makeButton(link.dataset.label, file, () => link.getAttribute("href").split(",", 2)[1]));
  }
  for (const place of document.querySelectorAll(".needs-script")) {
    const source = document.getElementById(place.dataset.source);
    place.replaceWith(makeButton(place.dataset.label, place.dataset.file, () => source.textContent));
  }
})();
