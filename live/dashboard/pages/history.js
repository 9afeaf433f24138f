/** The market's past: charts of up to 30 days that the gateway has kept, of all of it or of one model. */
import { ask } from "./api.js"
import { colours, draw } from "./charts.js"
import { announce, element, field, fill, table } from "./dom.js"
import { count, moment, perMillion } from "./format.js"

const refreshMillis = 60_000
const chartHeight = 150

/** By how far back, as the gateway has them: words, and how the time axis is labelled. */
const ranges = {
  hour: { title: "Hour", words: "the last hour", format: "%H:%M", tickSeconds: 600 },
  day: { title: "Day", words: "the last day", format: "%H:%M", tickSeconds: 14_400 },
  week: { title: "Week", words: "the last week", format: "%-d %b", tickSeconds: 86_400 },
  month: { title: "30 days", words: "the last 30 days", format: "%-d %b", tickSeconds: 432_000 },
}

/** Calls of a span that were refused for one of these reasons. */
const refusedFor =
  (...reasons) =>
  ({ refused_by_reason: by }) =>
    reasons.reduce((sum, reason) => sum + (by[reason] ?? 0), 0)

/** What became of calls, in the order in which it is stacked. */
const ends = [
  { kind: "finished", colour: "--earned", of: ({ finished }) => finished },
  { kind: "cut short", colour: "--vesting", of: ({ failed }) => failed },
  { kind: "refused: no room", colour: "--gift", of: refusedFor("NoCapacity") },
  { kind: "refused: no host", colour: "--bad", of: refusedFor("NoInstance") },
  {
    kind: "refused: every attempt failed",
    colour: "--faint",
    of: refusedFor("AttemptFailed"),
  },
  {
    kind: "refused: the caller’s credits or price",
    colour: "--bought",
    of: refusedFor("InsufficientCredits", "PriceTooHigh"),
  },
]

/** @param {HTMLElement} place */
export const showHistory = (place) => {
  let range = "day"
  let model = ""
  const charts = element("div", { class: "charts" })
  const buttons = Object.entries(ranges).map(([name, { title }]) =>
    element(
      "button",
      { type: "button", class: "quiet", "aria-pressed": String(name === range), value: name },
      title,
    ),
  )
  const select = element("select", {}, element("option", { value: "" }, "The whole market"))
  for (const button of buttons)
    button.addEventListener("click", () => {
      range = button.value
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button))
      void refresh()
    })
  select.addEventListener("change", () => {
    model = select.value
    void refresh()
  })
  fill(
    place,
    element(
      "div",
      { class: "controls" },
      element("div", { class: "choices", role: "group", "aria-label": "How far back" }, buttons),
      field("Of", select),
    ),
    charts,
  )

  let latest = 0
  const refresh = async () => {
    const turn = ++latest
    try {
      const query = `range=${range}${model === "" ? "" : `&model=${encodeURIComponent(model)}`}`
      const past = await ask("GET", `market/history?${query}`)
      // Whoever asked for something else meanwhile waits for that.
      if (turn !== latest) return
      await showPast(charts, past, ranges[range])
      if (turn === latest) announce(`The charts show ${ranges[range].words}.`)
    } catch (error) {
      if (turn === latest)
        fill(charts, element("p", { class: "problem", role: "alert" }, error.message))
    }
  }
  const listModels = async () => {
    const { models } = await ask("GET", "market")
    select.append(...models.map(({ model: name }) => element("option", { value: name }, name)))
  }
  void listModels().catch(() => {})
  void refresh()
  const timer = setInterval(refresh, refreshMillis)
  const scheme = matchMedia("(prefers-color-scheme: dark)")
  scheme.addEventListener("change", refresh)
  return () => {
    latest += 1
    clearInterval(timer)
    scheme.removeEventListener("change", refresh)
  }
}

const showPast = async (place, past, range) => {
  if (past.data.length === 0)
    return fill(
      place,
      element(
        "p",
        { class: "panel empty" },
        "Nothing was noted yet: the first figures are there a minute after the gateway began.",
      ),
    )
  const made = chartsOf(past).map((chart) => ({
    ...chart,
    canvas: element("div", { class: "chart" }),
  }))
  const panels = made.map(({ title, canvas }) =>
    element("div", { class: "panel" }, element("h3", {}, title), canvas),
  )
  const isOpen = place.querySelector("details")?.open ?? false
  // A chart that is drawn again keeps its room, so that nothing jumps.
  place.style.minHeight = `${place.offsetHeight}px`
  fill(place, panels, figuresTable(past, range, isOpen))
  for (const { title, canvas, spec, last } of made)
    await draw(canvas, `${title}, ${range.words}; latest: ${last}`, {
      height: chartHeight,
      ...spec(past, range),
    })
  place.style.minHeight = ""
}

const chartsOf = ({ data, model }) => {
  const latest = data.at(-1)
  const calls = ends.map(({ kind, of }) => `${count(of(latest))} ${kind}`)
  const shared = [
    {
      title: "Tokens a second",
      spec: linesOf([
        ["supply", "--bought", (one) => one.supply_tokens_per_second],
        ["demand", "--vesting", (one) => one.asked_tokens_per_second],
        ["served", "--earned", (one) => one.served_tokens_per_second],
      ]),
      last: `${count(latest.supply_tokens_per_second)} of supply, ${count(latest.asked_tokens_per_second)} of demand, ${count(latest.served_tokens_per_second)} served`,
    },
    { title: "Calls a minute", spec: callBars, last: calls.join(", ") },
    {
      title: model === null ? "Hosts online" : "Hosts that serve it",
      spec: linesOf([["hosts", "--accent", ({ hosts }) => hosts]]),
      last: count(latest.hosts),
    },
  ]
  if (model === null) return shared
  return [
    ...shared,
    {
      title: "Bounty multiplier",
      spec: linesOf([["bounty", "--good", (one) => one.bounty_multiplier]], { zero: false }),
      last: `×${latest.bounty_multiplier.toFixed(2)}`,
    },
    {
      title: "Price of a million tokens, credits",
      spec: linesOf(
        [
          ["answers", "--accent", (one) => 1e6 * Number(one.output_price_per_token)],
          ["prompts", "--gift", (one) => 1e6 * Number(one.input_price_per_token)],
        ],
        { zero: true },
      ),
      last: perMillion(latest.output_price_per_token),
    },
  ]
}

const timeAxis = ({ from, to }, { format, tickSeconds }) => ({
  type: "quantitative",
  title: null,
  scale: { domain: [from * 1000, to * 1000], nice: false },
  axis: {
    values: ticksBetween(from, to, tickSeconds),
    labelExpr: `timeFormat(datum.value, '${format}')`,
    grid: false,
    labelOverlap: "greedy",
    labelSeparation: 12,
  },
})

/** Whole hours or days by the reader's own clock, Unix time in ms. */
const ticksBetween = (from, to, step) => {
  const midnight = new Date(from * 1000).setHours(0, 0, 0, 0) / 1000
  const first = midnight + step * Math.ceil((from - midnight) / step)
  return Array.from(
    { length: Math.max(0, Math.floor((to - first) / step) + 1) },
    (_, n) => (first + n * step) * 1000,
  )
}

/** Lines that break where there was no gateway. */
const linesOf =
  (series, { zero = true } = {}) =>
  (past, range) => ({
    data: {
      values: series.flatMap(([kind, , of]) =>
        withGaps(past).map(({ at, one }) => ({
          at: at * 1000,
          kind,
          value: one === undefined ? null : of(one),
        })),
      ),
    },
    mark: { type: "line", strokeWidth: 2, point: past.data.length < 4 },
    encoding: {
      x: { field: "at", ...timeAxis(past, range) },
      y: {
        field: "value",
        type: "quantitative",
        title: null,
        scale: { zero },
        axis: { tickCount: 4 },
      },
      color: {
        field: "kind",
        type: "nominal",
        ...(series.length === 1 ? { legend: null } : {}),
        scale: {
          domain: series.map(([kind]) => kind),
          range: colours(...series.map(([, colour]) => colour)),
        },
      },
    },
  })

/** The middle of each span, with nothing (`one` undefined) where a span is missing. */
const withGaps = ({ data, step_seconds: step }) =>
  data.flatMap((one, index) => {
    const before = data[index - 1]
    const at = one.at + step / 2
    return before !== undefined && one.at - before.at > step
      ? [
          { at: before.at + step, one: undefined },
          { at, one },
        ]
      : [{ at, one }]
  })

const callBars = (past, range) => {
  const { data, step_seconds: step } = past
  const found = ends.filter(({ of }) => data.some((one) => of(one) > 0))
  const shown = found.length === 0 ? ends.slice(0, 1) : found
  return {
    data: {
      values: data.flatMap((one) => {
        let top = 0
        return shown.map(({ kind, of }) => {
          const bottom = top
          top += (of(one) * 60) / Math.max(1, one.seconds)
          return { at: one.at * 1000, until: (one.at + step) * 1000, kind, bottom, top }
        })
      }),
    },
    mark: { type: "bar", clip: true, binSpacing: 0 },
    encoding: {
      x: { field: "at", ...timeAxis(past, range) },
      x2: { field: "until" },
      y: { field: "bottom", type: "quantitative", title: null, axis: { tickCount: 4 } },
      y2: { field: "top" },
      color: {
        field: "kind",
        type: "nominal",
        scale: {
          domain: shown.map(({ kind }) => kind),
          range: colours(...shown.map(({ colour }) => colour)),
        },
      },
    },
  }
}

const rowsShown = 48

/** The same as numbers, for who reads rather than looks. */
const figuresTable = (past, range, isOpen) => {
  const { data, model } = past
  // So many rows are enough to read: of more spans, every other, every third, …
  const every = Math.ceil(data.length / rowsShown)
  const rows = data.toReversed().filter((_, index) => index % every === 0)
  const number = (title, of) => ({ title, align: "number", cell: (one) => count(of(one)) })
  return element(
    "details",
    { open: isOpen },
    element("summary", {}, "The charts as a table"),
    table(
      `The market over ${range.words}`,
      [
        { title: "From", cell: ({ at }) => moment(at) },
        number("Supply, tokens/s", (one) => one.supply_tokens_per_second),
        number("Demand", (one) => one.asked_tokens_per_second),
        number("Served", (one) => one.served_tokens_per_second),
        number("Calls finished", (one) => one.finished),
        number("Cut short", (one) => one.failed),
        number("Refused", (one) => one.refused),
        number("Hosts", (one) => one.hosts),
        ...(model === null
          ? []
          : [
              {
                title: "Bounty",
                align: "number",
                cell: (one) => `×${one.bounty_multiplier.toFixed(2)}`,
              },
              {
                title: "Price of a million tokens",
                align: "number",
                cell: (one) => perMillion(one.output_price_per_token),
              },
            ]),
      ],
      rows,
      "",
    ),
  )
}
