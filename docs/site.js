// What scrolls inside a page can be reached by the keyboard; the search and the buttons of each piece of code have names.
// A short piece of code, such as an option, is not broken after its dashes.
document$.subscribe(() => {
  document.querySelectorAll(".md-typeset :is(p, li) code").forEach((code) => {
    if (code.textContent.length <= 28) code.style.whiteSpace = "nowrap";
  });
  document.querySelectorAll(".md-search").forEach((search) => search.setAttribute("aria-label", "Search"));
  document.querySelectorAll(".md-code__nav").forEach((part, place) => part.setAttribute("aria-label", `Code ${place + 1}`));
  requestAnimationFrame(() =>
    document.querySelectorAll(".md-typeset__scrollwrap, pre > code").forEach((part) => {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    }),
  );
});
