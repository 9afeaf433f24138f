/**
 * The script of the HTML report, as text: it runs in the reader's browser, where vega, vega-lite and
 * vega-embed were loaded before it from the same file.
 *
 * It draws each chart into its place, one after the other; keeps the stretch of time that the reader
 * selects (by dragging on a chart, or in the two fields) the same in all charts over time; and draws
 * a chart again when its legend needs another number of columns. Colours need no script.
 *
 * Expressions of charts are interpreted (`ast`), not compiled, so that the page needs no `eval` and
 * its content security policy can forbid it.
 */
export const pageScript = `
"use strict"
;(() => {
  const { charts, config, days } = JSON.parse(document.getElementById("report-data").textContent)
  const form = document.querySelector("form.stretch")
  const drawings = []
  const stretch = { from: 0, to: days }

  const pen = document.createElement("canvas").getContext("2d")
  const widthOf = (label) => {
    pen.font = "12px " + config.font
    return Math.min(config.legend.labelLimit, pen.measureText(label).width)
  }
  const columnsFor = (legend, width) => {
    const widest = Math.max(0, ...legend.map(widthOf))
    return Math.max(1, Math.min(legend.length, Math.floor((width - 50) / (widest + 36))))
  }

  const showStretch = () => {
    form.elements.from.value = Math.round(stretch.from * 100) / 100
    form.elements.to.value = Math.round(stretch.to * 100) / 100
    for (const { view, isOverTime } of drawings) {
      if (!isOverTime || !view) continue
      view.signal("windowFrom", stretch.from).signal("windowTo", stretch.to).runAsync()
    }
  }
  const setStretch = (from, to) => {
    const start = Math.max(0, Math.min(from, to))
    const end = Math.min(days, Math.max(from, to))
    // Less than a hundredth of the run is a click that slipped, not a stretch.
    if (!(end - start > days / 100)) return
    stretch.from = start
    stretch.to = end
    showStretch()
  }
  const wholeRun = () => setStretch(0, days)

  const followSelection = (drawing) => {
    let selected
    drawing.view.addSignalListener("stretch_day", (_, days) => { selected = days })
    drawing.release = () => {
      if (!selected || selected.length !== 2) return
      const [from, to] = selected
      // The selection has done its work: an empty one takes its rectangle away.
      drawing.view.signal("stretch_x", [0, 0]).run()
      selected = undefined
      setStretch(from, to)
    }
    drawing.place.addEventListener("dblclick", wholeRun)
  }

  const draw = async (drawing) => {
    const { place, chart } = drawing
    const columns = columnsFor(chart.legend, place.clientWidth)
    if (drawing.columns === columns) return
    drawing.columns = columns
    drawing.finalize?.()
    const result = await vegaEmbed(place, chart.spec, {
      actions: false,
      ast: true,
      config: { ...config, legend: { ...config.legend, columns } },
      defaultStyle: false,
      renderer: "svg",
      tooltip: { disableDefaultStyle: true },
    })
    drawing.view = result.view
    drawing.finalize = result.finalize
    place.classList.add("drawn")
    if (drawing.isOverTime) {
      followSelection(drawing)
      result.view.signal("windowFrom", stretch.from).signal("windowTo", stretch.to).runAsync()
    }
  }

  const drawAll = async () => {
    for (const drawing of drawings) {
      try {
        await draw(drawing)
      } catch (error) {
        drawing.place.textContent = "This chart could not be drawn: " + error
      }
    }
    document.documentElement.dataset.drawn = "true"
  }

  // The rows that a chart draws: of its named sets of data the largest, or those in its layers.
  const rowsOf = (spec) => {
    const layers = (spec.layer ?? []).map(({ data }) => data?.values)
    const sets = [...Object.values(spec.datasets ?? {}), spec.data?.values, ...layers]
    return sets.filter(Array.isArray).reduce((most, set) => (set.length > most.length ? set : most), [])
  }
  const csvOf = (rows) => {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    const cell = (value) => {
      const text = value === undefined || value === null ? "" : String(value)
      // A spreadsheet must not take a text for a formula.
      const safe = typeof value === "string" && /^[=+\\-@\\t\\r]/.test(text) ? "'" + text : text
      return /[",\\n\\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe
    }
    return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
      .map((cells) => cells.map(cell).join(","))
      .join("\\n") + "\\n"
  }
  const save = (name, address) => {
    const link = document.createElement("a")
    link.download = name
    link.href = address
    link.click()
  }
  const offerDownloads = (drawing) => {
    const { place, chart } = drawing
    const offer = place.parentElement.querySelector(".downloads")
    if (!offer) return
    offer.hidden = false
    const id = place.dataset.chart
    offer.addEventListener("click", async ({ target }) => {
      const format = target.dataset?.format
      if (format === "csv") {
        const file = new Blob([csvOf(rowsOf(chart.spec))], { type: "text/csv" })
        const address = URL.createObjectURL(file)
        save(id + ".csv", address)
        URL.revokeObjectURL(address)
      }
      if (format === "png" && drawing.view) save(id + ".png", await drawing.view.toImageURL("png", 2))
    })
  }

  for (const place of document.querySelectorAll(".chart")) {
    const chart = charts[place.dataset.chart]
    const drawing = { place, chart, isOverTime: chart.isOverTime }
    drawings.push(drawing)
    offerDownloads(drawing)
  }
  window.addEventListener("pointerup", () => {
    for (const drawing of drawings) drawing.release?.()
  })
  let waiting
  window.addEventListener("resize", () => {
    clearTimeout(waiting)
    waiting = setTimeout(drawAll, 200)
  })
  if (drawings.some(({ isOverTime }) => isOverTime)) {
    form.hidden = false
    form.addEventListener("change", () =>
      setStretch(Number(form.elements.from.value), Number(form.elements.to.value)))
    form.addEventListener("submit", (event) => event.preventDefault())
    form.querySelector("button").addEventListener("click", wholeRun)
    showStretch()
  }
  drawAll()
})()
`
