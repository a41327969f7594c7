"use strict";
const table = document.querySelector("#rows table");
const said = document.getElementById("said");

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.style.colorScheme
    ? root.style.colorScheme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.style.colorScheme = dark ? "light" : "dark";
  said.textContent = root.style.colorScheme + " theme";
});

const titles = [...table.tHead.rows[0].cells];
titles.forEach((title, column) => title.firstChild.addEventListener("click", () => {
  const up = title.getAttribute("aria-sort") !== "ascending";
  titles.forEach((other) => other.setAttribute("aria-sort", "none"));
  title.setAttribute("aria-sort", up ? "ascending" : "descending");
  const order = (body) => body.rows[0].cells[column].dataset.order;
  const compare = (a, b) => {
    const [x, y] = [order(a), order(b)];
    // What is not defined comes last, whichever way.
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
    const byNumber = Number(x) - Number(y);
    return (up ? 1 : -1) * (Number.isNaN(byNumber) ? x.localeCompare(y) : byNumber);
  };
  table.append(...[...table.tBodies].sort(compare));
  said.textContent = "Sorted by " + title.textContent + (up ? ", rising" : ", falling");
}));

const players = [...document.querySelectorAll("audio")];
for (const clip of document.querySelectorAll(".clip")) {
  const player = clip.querySelector("audio");
  const place = clip.querySelector(".seek");
  const seconds = Number(clip.dataset.seconds);
  if (!player) continue;
  const show = () => {
    clip.querySelector("i").style.left = 100 * player.currentTime / seconds + "%";
    if (!player.paused) requestAnimationFrame(show);
  };
  place.addEventListener("click", (event) => {
    const box = place.getBoundingClientRect();
    player.currentTime = seconds * (event.clientX - box.left) / box.width;
  });
  for (const event of ["seeking", "play", "timeupdate"]) player.addEventListener(event, show);
  player.addEventListener("play", () => players.forEach((other) => other === player || other.pause()));
}
