// What is wrong with this page for somebody who sees badly or hears it read: a list of sentences.
() => {
  const wrong = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const hidden = (element) => element.closest(".sr, [aria-hidden=true]");
  const named = (element) =>
    `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;

  const rgb = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  });
  const ground = (element) => {
    if (!element) return { r: 255, g: 255, b: 255, a: 1 };
    const own = rgb(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = ({ r, g, b }) => {
    const part = (value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const contrast = (one, other) => {
    const [bright, dark] = [light(one), light(other)].sort((a, b) => b - a);
    return (bright + 0.05) / (dark + 0.05);
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !shown(element) || element.closest(".sr, script, noscript")) continue;
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) < 16) wrong.push(`smaller than 16 px: ${named(element)}`);
    if (element.closest(":disabled")) continue;
    const under = ground(element);
    const ratio = contrast(over(rgb(style.color), under), under);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${named(element)}`);
  }

  for (const element of document.querySelectorAll("a, button, input:not([type=hidden]), textarea, summary, audio")) {
    if (!shown(element)) continue;
    const label = element.getAttribute("aria-label") || [...(element.labels || [])].map((l) => l.textContent).join();
    const spoken = element.cloneNode(true);
    for (const silent of spoken.querySelectorAll("[aria-hidden=true], [hidden]")) silent.remove();
    const pictures = [...spoken.querySelectorAll("img")].map((img) => img.alt).join("");
    if (!(label + spoken.textContent + pictures).trim()) wrong.push(`without a name: ${named(element)}`);
    const box = element.getBoundingClientRect();
    const inText = element.matches("p a");
    if (!inText && !hidden(element) && (box.height < 24 || box.width < 24)) wrong.push(`too small: ${named(element)}`);
  }

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id is used twice");
  if (document.documentElement.lang !== "id") wrong.push("no language");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not exactly one h1");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not exactly one main");
  return wrong;
}
