/**
 * Looks at a page as it stands, in the page: texts whose contrast with their ground is below 4.5,
 * fields and buttons without a name, how wide it is, how much moves.
 */
;(() => {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const part = value / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const groundOf = (start) => {
    for (let at = start; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if (colour.length === 3 || colour[3] > 0) return colour
    }
    return [255, 255, 255]
  }
  const weakTexts = []
  for (const one of document.querySelectorAll("body *")) {
    const hasText = [...one.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "",
    )
    if (!hasText || one.offsetParent === null || one.closest("svg, .skip, :disabled") !== null)
      continue
    const pair = [luminance(channels(getComputedStyle(one).color)), luminance(groundOf(one))]
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)
    if (ratio < 4.5) weakTexts.push(`${one.textContent.trim()} (${ratio.toFixed(2)})`)
  }
  const unnamed = [...document.querySelectorAll("input, select, button")]
    .filter(
      (one) =>
        (one.labels === null || one.labels.length === 0) &&
        one.getAttribute("aria-label") === null &&
        one.textContent.trim() === "",
    )
    .map((one) => one.outerHTML)
  return {
    weakTexts,
    unnamed,
    width: document.documentElement.scrollWidth,
    moving: document.getAnimations().filter(({ playState }) => playState === "running").length,
  }
})()
