// What scrolls inside a page can be reached by the keyboard, and the search has a name.
document$.subscribe(() => {
  document.querySelectorAll(".md-search").forEach((search) => search.setAttribute("aria-label", "Search"));
  requestAnimationFrame(() =>
    document.querySelectorAll(".md-typeset__scrollwrap, pre > code").forEach((part) => {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    }),
  );
});
