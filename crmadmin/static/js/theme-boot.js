// Runs before the first paint (a classic script in <head>): "auto" becomes the system's theme, and a page
// without a signed-in user takes the theme last chosen on this machine. Nothing else belongs here.
(function () {
  var root = document.documentElement;
  var choice = root.dataset.theme || "auto";
  if (root.dataset.themeOf !== "user") {
    try {
      choice = localStorage.getItem("theme") || choice;
    } catch (error) {
      // Storage may be forbidden; the server's word stands.
    }
  }
  var dark =
    choice === "dark" || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = choice;
  root.dataset.bsTheme = dark ? "dark" : "light";
})();
