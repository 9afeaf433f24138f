/**
 * Charts by vega-lite, loaded when the first is asked for. Expressions are interpreted, not
 * evaluated, so that the page's policy need not allow that.
 */
import { element } from "./dom.js"

const files = ["vega.min.js", "vega-lite.min.js", "vega-embed.min.js"]
let loaded

const loadLibraries = () => {
  loaded ??= files.reduce((before, file) => before.then(() => loadScript(file)), Promise.resolve())
  return loaded
}

const loadScript = (file) =>
  new Promise((resolve, reject) => {
    const script = element("script", { src: `dashboard/lib/${file}` })
    script.addEventListener("load", resolve)
    script.addEventListener("error", () => reject(new Error(`${file} cannot be loaded.`)))
    document.head.append(script)
  })

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Looks as the page does, in light and in dark. */
const look = (width) => ({
  background: "transparent",
  font: colour("--font") || "sans-serif",
  view: { stroke: "transparent" },
  axis: {
    labelColor: colour("--faint"),
    titleColor: colour("--faint"),
    gridColor: colour("--rail"),
    domainColor: colour("--rail"),
    tickColor: colour("--rail"),
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
  },
  legend: {
    labelColor: colour("--text"),
    labelFontSize: 12,
    title: null,
    orient: "bottom",
    columns: width < 480 ? 1 : 0,
  },
  bar: { color: colour("--earned") },
})

/** Colours of the page by their names. @param {...string} names */
export const colours = (...names) => names.map(colour)

/** As kinds of earnings are drawn: shares, shares in gifts, bounties, vesting ones. */
export const lotColours = () => colours("--earned", "--gift", "--bought", "--vesting")

/**
 * Draws `spec` into `place`; `description` is for whoever cannot see it.
 *
 * @param {HTMLElement} place
 * @param {string} description
 * @param {object} spec
 */
export const draw = async (place, description, spec) => {
  await loadLibraries()
  await /** @type {any} */ (window).vegaEmbed(
    place,
    {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      width: "container",
      autosize: { type: "fit-x", contains: "padding" },
      ...spec,
      config: look(place.clientWidth),
    },
    { actions: false, ast: true, renderer: "svg", tooltip: false, defaultStyle: false },
  )
  // Vega names the place itself, as a document of hundreds of parts; the table beside says it better.
  place.setAttribute("role", "img")
  place.setAttribute("aria-label", description)
  place.removeAttribute("aria-roledescription")
}
