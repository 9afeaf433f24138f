/** What one's calls cost: by day, model and key, and each call with what its charge follows from. */
import { ask, download } from "./api.js"
import { draw } from "./charts.js"
import { byId, element, field, fill, onSubmit, table } from "./dom.js"
import { aligned, count, credits, day, moment, perMillion } from "./format.js"
import { forSignedIn } from "./sign-in.js"

const daysShown = 30
const callsShown = 20

export const showUsage = () => forSignedIn(byId("usage"), "account", showKnown)

const showKnown = (place) => {
  const sums = element("div")
  const calls = element("div")
  fill(place, sums, calls)
  const problem = (error) => element("p", { class: "problem", role: "alert" }, error.message)
  const redraw = () => showSums(sums).catch((error) => fill(sums, problem(error)))
  const scheme = matchMedia("(prefers-color-scheme: dark)")
  scheme.addEventListener("change", redraw)
  void redraw()
  void showCalls(calls).catch((error) => fill(calls, problem(error)))
  return () => scheme.removeEventListener("change", redraw)
}

const usageBy = async (by) =>
  (await ask("GET", `account/usage?days=${daysShown}&by=${by}&limit=1000`)).data

const showSums = async (place) => {
  const [[total], byDay, byModel, byKey] = await Promise.all(
    ["none", "day", "model", "key"].map(usageBy),
  )
  if (total === undefined)
    return fill(
      place,
      element(
        "p",
        { class: "panel empty" },
        "No call was charged in the last 30 days. “API” says how to make one; your key is under “My account”.",
      ),
    )
  const chart = element("div", { class: "chart" })
  const problem = element("p", { class: "problem", role: "alert" })
  const save = element("button", { type: "button", class: "quiet" }, "Download as CSV")
  save.addEventListener("click", () =>
    download(`account/usage.csv?days=${daysShown}`, "usage.csv").catch((error) => {
      problem.textContent = error.message
    }),
  )
  fill(
    place,
    element(
      "dl",
      { class: "figures" },
      figure("Credits, last 30 days", credits(total.cost)),
      figure("Calls", count(total.calls)),
      figure("Tokens in", count(total.input_tokens)),
      figure("Tokens out", count(total.output_tokens)),
    ),
    element("h2", {}, "By day"),
    element("div", { class: "panel" }, chart),
    element("p", {}, save),
    problem,
    element("h2", {}, "By model"),
    sumsTable("Usage by model", "Model", byModel, ({ model }) => model),
    element("h2", {}, "By key"),
    sumsTable("Usage by key", "Key", byKey, ({ key }) => key ?? "not known any more"),
    element("h2", {}, "Day by day"),
    sumsTable("Usage by day", "Day", byDay, ({ at }) => day(at)),
  )
  const costs = new Map(byDay.map(({ at, cost }) => [dateOf(at * 1000), Number(cost)]))
  await draw(chart, `Credits charged a day, over ${count(byDay.length)} days`, {
    height: 180,
    data: {
      values: dates().map((date) => ({ day: date, credits: costs.get(date) ?? 0 })),
    },
    mark: { type: "bar" },
    encoding: {
      x: {
        field: "day",
        timeUnit: "utcyearmonthdate",
        type: "ordinal",
        title: null,
        axis: { format: "%-d %b", labelAngle: 0, labelOverlap: "greedy" },
      },
      y: { field: "credits", type: "quantitative", title: "credits", axis: { tickCount: 4 } },
    },
  })
}

const dayMillis = 86_400_000
const dateOf = (millis) => new Date(millis).toISOString().slice(0, 10)
/** Of the days that are shown, those that cost nothing among them. */
const dates = () =>
  Array.from({ length: daysShown }, (_, n) => dateOf(Date.now() - (daysShown - 1 - n) * dayMillis))

const figure = (title, value) =>
  element("div", { class: "panel" }, element("dt", {}, title), element("dd", {}, value))

const sumsTable = (caption, title, rows, name) => {
  const costs = aligned(rows.map(({ cost }) => cost))
  return table(
    caption,
    [
      { title, cell: name },
      { title: "Calls", align: "number", cell: (row) => count(row.calls) },
      { title: "Tokens in", align: "number", cell: (row) => count(row.input_tokens) },
      { title: "Tokens out", align: "number", cell: (row) => count(row.output_tokens) },
      { title: "Credits", align: "number", cell: (row) => credits(costs[rows.indexOf(row)]) },
    ],
    rows,
    "",
  )
}

const showCalls = async (place) => {
  const id = element("input", {
    type: "text",
    maxlength: "100",
    required: true,
    spellcheck: "false",
  })
  const found = element("div")
  const form = element(
    "form",
    { class: "inline" },
    field("Find a call", id, "Its x-request-id (req_…), or its id in the statement (call_…)."),
    element("button", { type: "submit" }, "Find"),
  )
  onSubmit(form, async () => {
    fill(found)
    const one = await ask("GET", `account/calls/${encodeURIComponent(id.value.trim())}`)
    fill(found, callTable("The call that was found", [one]))
  })
  const list = element("div")
  fill(place, element("h2", {}, "Calls"), element("div", { class: "panel" }, form), found, list)
  const shown = []
  const more = async (cursor) => {
    const page = await ask(
      "GET",
      `account/calls?days=90&limit=${callsShown}${cursor === null ? "" : `&cursor=${cursor}`}`,
    )
    shown.push(...page.data)
    fill(
      list,
      callTable("Calls", shown),
      page.next_cursor === null
        ? undefined
        : element(
            "button",
            { type: "button", class: "quiet", click: () => void more(page.next_cursor) },
            "Older calls",
          ),
    )
  }
  await more(null)
}

const callTable = (caption, calls) => {
  const costs = aligned(calls.map(({ cost }) => cost))
  return table(
    caption,
    [
      {
        title: "When",
        cell: (one) => [
          moment(one.at),
          element("small", {}, element("code", {}, one.request_id ?? one.id)),
        ],
      },
      {
        title: "Model",
        cell: (one) => [
          one.model,
          one.host === null ? "" : element("small", {}, `served by ${one.host}`),
        ],
      },
      { title: "Key", cell: (one) => one.key ?? "not known any more" },
      {
        title: "Tokens",
        align: "number",
        cell: (one) => [
          `${count(one.input_tokens)} + ${count(one.output_tokens)}`,
          element(
            "small",
            {},
            `at ${perMillion(one.input_price_per_token)} and ${perMillion(one.output_price_per_token)} a million`,
          ),
        ],
      },
      {
        title: "Credits",
        align: "number",
        cell: (one) => [
          credits(costs[calls.indexOf(one)]),
          one.outcome === "completed" ? undefined : element("small", {}, one.outcome),
        ],
      },
    ],
    calls,
    "No call was charged yet.",
  )
}
