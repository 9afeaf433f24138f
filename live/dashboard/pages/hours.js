/** Hours of machines: what is on offer, and what hours cost by region and by the hour of the day. */
import { ask } from "./api.js"
import { byId, drawing, element, field, fill, table } from "./dom.js"
import { count, credits, percent } from "./format.js"

const refreshMillis = 15_000

export const problemOf = (error) => element("p", { class: "problem", role: "alert" }, error.message)

export const showHours = () => {
  const place = byId("hours")
  const region = element("select", {}, element("option", { value: "" }, "All regions"))
  const order = element(
    "select",
    {},
    element("option", { value: "" }, "As they were listed"),
    element("option", { value: "&sort=reputation" }, "The best known first"),
  )
  const list = element("div")
  const rates = element("div")
  fill(
    place,
    element(
      "div",
      { class: "controls" },
      field("Region", region),
      field("Order", order),
      element("a", { href: "#machines", class: "button" }, "Sell a machine"),
    ),
    list,
    element("h2", {}, "What hours cost"),
    rates,
  )
  const refresh = async () => {
    const query = region.value === "" ? "" : `&region=${encodeURIComponent(region.value)}`
    const [{ data: gpus }, { data: regions }] = await Promise.all([
      ask("GET", `marketplace/gpu?limit=200${query}${order.value}`),
      ask("GET", "marketplace/rates"),
    ])
    if (region.childElementCount === 1)
      region.append(...regions.map((one) => element("option", { value: one.region }, one.region)))
    fill(list, gpuTable(gpus, "No machine is on offer here now."))
    fill(rates, regionTable(regions), rateMap(regions))
  }
  const look = () => void refresh().catch((error) => fill(list, problemOf(error)))
  for (const choice of [region, order]) choice.addEventListener("change", look)
  look()
  const timer = setInterval(look, refreshMillis)
  return () => clearInterval(timer)
}

const moods = {
  available: "good",
  "in use": "busy",
  "off schedule": "busy",
  paused: "busy",
  draft: "busy",
}

export const gpuState = (gpu) => {
  const { phase, is_online: isOnline, is_available: isAvailable } = gpu
  if (phase !== "open") return phase
  if (!isOnline) return "offline"
  if (isAvailable && gpu.busy_jobs >= gpu.max_jobs) return "in use"
  return isAvailable ? "available" : "off schedule"
}

export const stateChip = (gpu) =>
  element("span", { class: `chip ${moods[gpuState(gpu)] ?? "bad"}` }, gpuState(gpu))

export const gpuTable = (gpus, empty, actions) =>
  table(
    "Machines",
    [
      {
        title: "Machine",
        cell: ({ name, gpu_id: id }) => element("a", { href: `#gpu/${id}` }, name),
      },
      { title: "Now", cell: stateChip },
      { title: "Region", cell: ({ region }) => region },
      { title: "Memory", align: "number", cell: ({ memory_gib: gib }) => `${count(gib)} GiB` },
      { title: "Jobs", align: "number", cell: ({ max_jobs: jobs }) => count(jobs) },
      {
        title: "Credits an hour",
        align: "number",
        cell: ({ price_per_hour: rate }) => credits(rate),
      },
      { title: "Strategy", cell: ({ strategy }) => strategyNames[strategy] ?? strategy },
      {
        title: "Reputation",
        align: "number",
        cell: ({ reputation }) => percent(reputation),
      },
      ...(actions === undefined ? [] : [{ title: "", cell: actions }]),
    ],
    gpus,
    empty,
  )

export const strategyNames = {
  "market-balance": "Market Balance",
  "peak-maximizer": "Peak Maximizer",
  "utilization-guard": "Utilization Guard",
  dynamic: "Dynamic",
  fixed: "Fixed",
}

const regionTable = (regions) =>
  table(
    "Rates by region",
    [
      { title: "Region", cell: ({ region }) => region },
      { title: "Machines", align: "number", cell: ({ offered }) => count(offered) },
      {
        title: "In use",
        align: "number",
        cell: ({ use, in_demand: isInDemand }) => [
          `${Math.round(use * 100)}%`,
          isInDemand && element("span", { class: "chip busy" }, "in demand"),
        ],
      },
      { title: "Least, credits/h", align: "number", cell: ({ min }) => amount(min) },
      { title: "Median, credits/h", align: "number", cell: ({ median }) => amount(median) },
      { title: "Most, credits/h", align: "number", cell: ({ max }) => amount(max) },
    ],
    regions,
    "There are no regions.",
  )

const amount = (given) => (given === null ? "–" : credits(given))

const letterWidth = 7
const steps = 4
const rowHeight = 24

/** What a drawing may be wide, px: all there is, within reason. */
export const drawingWidth = () => Math.min(900, document.documentElement.clientWidth - 72)

/** Region by hour of its day: the darker, the dearer what was sold. Each cell says its figures. */
const rateMap = (regions) => {
  const all = regions.flatMap(({ hours }) =>
    hours.flatMap(({ rate }) => (rate === null ? [] : Number(rate))),
  )
  if (all.length === 0)
    return element(
      "p",
      { class: "panel empty" },
      "No hours have been sold of late: by region and hour of the day, what they cost will stand here.",
    )
  const most = Math.max(...all)
  const longest = Math.max(...regions.map(({ region }) => region.length))
  const labels = Math.min(letterWidth * longest + 8, Math.floor(drawingWidth() / 3))
  const letters = Math.floor((labels - 8) / letterWidth)
  const shown = (name) => (name.length <= letters ? name : `${name.slice(0, letters - 1)}…`)
  const cell = Math.floor((drawingWidth() - labels) / 24)
  const width = labels + 24 * cell
  const rows = regions.map(({ region, hours }, row) => [
    drawing("text", { x: 0, y: row * rowHeight + 17, class: "label" }, shown(region)),
    hours.map(({ hour, rate, sold_hours: sold }) =>
      drawing(
        "rect",
        {
          x: labels + hour * cell + 1,
          y: row * rowHeight + 1,
          width: cell - 2,
          height: rowHeight - 2,
          class:
            rate === null
              ? "none"
              : `step-${Math.max(1, Math.ceil((Number(rate) / most) * steps))}`,
        },
        drawing(
          "title",
          {},
          `${region}, ${hour} to ${hour + 1} h: ${rate === null ? "none sold" : `${rate} credits an hour, ${sold} h sold`}`,
        ),
      ),
    ),
  ])
  const hours = [0, 6, 12, 18].map((hour) =>
    drawing(
      "text",
      { x: labels + hour * cell, y: regions.length * rowHeight + 16, class: "label" },
      `${hour} h`,
    ),
  )
  return element(
    "figure",
    { class: "panel" },
    drawing(
      "svg",
      {
        viewBox: `0 0 ${width} ${regions.length * rowHeight + 22}`,
        width,
        height: regions.length * rowHeight + 22,
        class: "rates",
        role: "img",
        "aria-label": "What hours cost, by region and hour of the day",
      },
      rows.flat(2),
      hours,
    ),
    element(
      "figcaption",
      {},
      `What was sold, the last seven days and ahead, by each region’s clock. The darkest is ${credits(String(most))} credits an hour.`,
    ),
  )
}
