/** What one's machines earn: by client, by model and by hour of the day, what could be changed, and alerts. */
import { ask } from "./api.js"
import { byId, drawing, element, fill, table } from "./dom.js"
import { count, credits, isZero, roundedCredits } from "./format.js"
import { drawingWidth, problemOf } from "./hours.js"
import { forSignedIn } from "./sign-in.js"

const refreshMillis = 60_000
const period = "30d"

/** @param {string} id Of the machine that is looked at first. */
export const showEarnings = (id) =>
  forSignedIn(byId("earnings"), "account", (place) => showKnown(place, id))

const showKnown = (place, id) => {
  const machine = element("select", { "aria-label": "Machine" })
  const alarms = element("div")
  const figures = element("div")
  fill(place, element("div", { class: "controls" }, machine), alarms, figures)
  /** Whoever looks at another machine by now does not want the answer for the one before. */
  let asked = 0
  const look = async () => {
    const turn = ++asked
    const path = `marketplace/gpu/${encodeURIComponent(machine.value)}`
    const [earnings, analytics, suggestions, alerts, monitoring] = await Promise.all([
      ask("GET", `${path}/earnings?period=${period}&by=client,model,hour`),
      ask("GET", `${path}/analytics?period=${period}`),
      ask("GET", `${path}/suggestions`),
      ask("GET", "marketplace/alerts"),
      ask("GET", `${path}/monitoring`),
    ])
    if (turn !== asked) return
    fill(alarms, firingNow(alerts.data))
    fill(
      figures,
      headline(earnings, analytics),
      element("h2", {}, "By hour of the day"),
      hoursChart(earnings, analytics),
      element(
        "div",
        { class: "columns" },
        element("div", {}, element("h2", {}, "By client"), clientTable(earnings)),
        element("div", {}, element("h2", {}, "By model"), modelTable(analytics)),
      ),
      element("h2", {}, "Suggestions"),
      suggestionList(suggestions),
      element("h2", {}, "Alerts"),
      alertTable(alerts.data),
      monitoringText(monitoring),
    )
  }
  const tryLook = () => {
    if (machine.value !== "") void look().catch((error) => fill(figures, problemOf(error)))
  }
  machine.addEventListener("change", tryLook)
  const begin = async () => {
    const { data } = await ask("GET", "marketplace/gpu?mine=true&limit=1000")
    machine.append(
      ...data.map((gpu) =>
        element("option", { value: gpu.gpu_id, selected: gpu.gpu_id === id }, gpu.name),
      ),
    )
    machine.hidden = data.length === 0
    if (data.length > 0) return tryLook()
    const sell = element("a", { href: "#machines" }, "Sell one by the hour")
    fill(figures, element("p", { class: "panel empty" }, "You sell no machine yet. ", sell))
  }
  void begin().catch((error) => fill(figures, problemOf(error)))
  const timer = setInterval(tryLook, refreshMillis)
  return () => clearInterval(timer)
}

const share = (ratio) => (ratio === null ? "–" : `${Math.round(ratio * 1000) / 10}%`)

const headline = (earnings, analytics) =>
  element(
    "dl",
    { class: "figures" },
    figure("Earned, 30 days", roundedCredits(earnings.total), `${credits(earnings.fee)} fee`),
    figure(
      "A day",
      roundedCredits(earnings.daily_average),
      `over ${count(earnings.days)} ${earnings.days === 1 ? "day" : "days"}`,
    ),
    figure(
      "Utilization",
      share(analytics.utilization_rate),
      `${count(analytics.sold_hours)} of ${count(analytics.open_hours)} h`,
    ),
    figure(
      "Realized rate",
      earnings.realized_rate === null ? "–" : credits(earnings.realized_rate),
      "credits an hour",
    ),
    figure(
      "Peak hours",
      analytics.peak_hours.length === 0 ? "–" : spansOf(analytics.peak_hours).join(", "),
      // A long name of a zone breaks where it has a slash.
      analytics.timezone.replaceAll("/", "/\u200b"),
    ),
  )

const figure = (title, value, note) =>
  element(
    "div",
    { class: "panel" },
    element("dt", {}, title),
    element("dd", {}, value, element("small", {}, ` ${note}`)),
  )

/** Hours of the day that follow one another, as spans. */
const spansOf = (hours) => {
  const spans = []
  for (const hour of hours) {
    const last = spans.at(-1)
    if (last !== undefined && last[1] === hour) last[1] = hour + 1
    else spans.push([hour, hour + 1])
  }
  return spans.map(([from, until]) => `${from}–${until} h`)
}

const barsHeight = 120
const labelHeight = 20

/** A bar an hour: what it earned; and behind it, how much of it was sold. */
const hoursChart = ({ by, timezone, total }, { hours }) => {
  if (isZero(total))
    return element(
      "p",
      { class: "panel empty" },
      "Nothing was paid yet: by hour of the day, what it earned will stand here.",
    )
  const earned = new Map(by.hour.map((part) => [Number(part.key), part.share]))
  const most = Math.max(...[...earned.values()].map(Number))
  const width = drawingWidth()
  const step = width / 24
  const bar = (hour, part, kind, title) =>
    drawing(
      "rect",
      {
        x: hour * step + 1,
        y: barsHeight * (1 - part),
        width: Math.max(1, step - 2),
        height: Math.max(0, barsHeight * part),
        class: kind,
      },
      drawing("title", {}, title),
    )
  return element(
    "figure",
    { class: "panel" },
    drawing(
      "svg",
      {
        viewBox: `0 0 ${width} ${barsHeight + labelHeight}`,
        width,
        height: barsHeight + labelHeight,
        class: "bars",
        role: "img",
        "aria-label": `What it earned in each hour of the day, at most ${credits(String(most))} credits, and how much of the hour was sold`,
      },
      hours.map(({ hour, utilization }) =>
        bar(hour, utilization ?? 0, "use", `${hour} to ${hour + 1} h: ${share(utilization)} sold`),
      ),
      hours.map(({ hour }) => {
        const minor = earned.get(hour) ?? "0"
        const words = `${hour} to ${hour + 1} h: ${credits(minor)} credits`
        return bar(hour, Number(minor) / most, "earned", words)
      }),
      [0, 6, 12, 18].map((hour) =>
        drawing("text", { x: hour * step, y: barsHeight + 15 }, `${hour} h`),
      ),
    ),
    element(
      "figcaption",
      {},
      `By the clock of ${timezone}. Full: credits earned, the tallest ${credits(String(most))}. Faint, behind: the part of the hour that was sold.`,
    ),
  )
}

const clientTable = ({ by }) =>
  table(
    "Earned by client",
    [
      { title: "Client", cell: ({ key }) => element("code", {}, key === "" ? "not known" : key) },
      {
        title: "Bookings",
        align: "number",
        cell: ({ bookings, calls }) => (calls === 0 ? count(bookings) : `${bookings} + ${calls}`),
      },
      { title: "Credits", align: "number", cell: ({ share: earned }) => credits(earned) },
    ],
    by.client,
    "No client has paid yet.",
  )

const modelTable = ({ profitable_models: models }) =>
  table(
    "Earned by model",
    [
      {
        title: "Model",
        cell: ({ model }) => (model === "hours" ? "Hours, as they were sold" : model),
      },
      { title: "Hours", align: "number", cell: ({ job_hours: hours }) => String(hours) },
      { title: "Credits", align: "number", cell: ({ share: earned }) => credits(earned) },
      {
        title: "An hour",
        align: "number",
        cell: ({ share_per_hour: rate }) => (rate === null ? "–" : credits(rate)),
      },
    ],
    models,
    "Nothing was paid for yet.",
  )

const suggestionList = ({ suggestions, ready_at: readyAt, needed_hours: needed }) => {
  if (readyAt !== null)
    return element(
      "p",
      { class: "panel empty" },
      `They take ${needed} hours of data: from ${when(readyAt)} on.`,
    )
  if (suggestions.length === 0) return element("p", { class: "panel empty" }, "Nothing to suggest.")
  return element(
    "div",
    { class: "columns" },
    suggestions.map((one) =>
      element(
        "div",
        { class: "panel" },
        element("h3", {}, one.description),
        element(
          "ul",
          { class: "reasons" },
          one.arithmetic.map((line) => element("li", {}, line)),
        ),
        element("p", {}, element("strong", {}, "Impact: "), one.impact),
        one.implementation_steps.map((step) => element("p", {}, element("code", {}, step))),
      ),
    ),
  )
}

const alertNames = {
  gpu_failure: "A GPU is gone",
  high_memory: "Memory is nearly full",
  job_failure_rate: "Jobs fail",
}

/** @param {any} alert */
const valueOf = ({ alert, value }) =>
  alert === "gpu_failure" ? `${count(value)} gone` : share(value)

const firingNow = (alerts) =>
  alerts
    .filter(({ state }) => state === "firing")
    .map((one) =>
      element(
        "p",
        { class: "panel", role: "alert" },
        element("span", { class: "chip bad" }, "alert"),
        ` ${one.gpu}: ${alertNames[one.alert] ?? one.alert} (${valueOf(one)}), since ${when(one.since)}.`,
      ),
    )

const alertTable = (alerts) =>
  table(
    "Alerts",
    [
      { title: "Machine", cell: ({ gpu }) => gpu },
      { title: "Alert", cell: ({ alert }) => alertNames[alert] ?? alert },
      {
        title: "State",
        cell: ({ state }) =>
          element("span", { class: `chip ${state === "firing" ? "bad" : "good"}` }, state),
      },
      { title: "Since", cell: ({ since }) => when(since) },
      { title: "Measured", align: "number", cell: valueOf },
    ],
    alerts,
    "No alert has fired.",
  )

const monitoringText = ({ monitoring, checks, checked_at: checkedAt }) => {
  if (monitoring === null)
    return element(
      "p",
      {},
      "Nothing is looked at: PUT /marketplace/gpu/:id/monitoring, or ",
      element("code", {}, "monitoring"),
      " in the agent’s file, asks its agent to.",
    )
  const asked = Object.entries(monitoring.health_checks)
    .map(([name, every]) => `${name.replaceAll("_", " ")} every ${every}`)
    .join(", ")
  const found = checks
    .map(({ check, value }) => `${check.replaceAll("_", " ")} ${readingOf(check, value)}`)
    .join(", ")
  return element(
    "p",
    {},
    `Looked at: ${asked}. `,
    checkedAt === null ? "Its agent has said nothing yet." : `At ${when(checkedAt)}: ${found}.`,
  )
}

const readingOf = (check, value) => {
  if (value === null) return "not known"
  if (check === "network_latency") return `${Math.round(value)} ms`
  return check === "gpu_status" ? count(value) : share(value)
}

const when = (iso) =>
  new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })
