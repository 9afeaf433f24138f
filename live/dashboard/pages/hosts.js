/** One's own hosts: how they stand, and what they earned. */
import { ask, storedKey } from "./api.js"
import { draw, lotColours } from "./charts.js"
import { byId, element, fill, table } from "./dom.js"
import { aligned, count, credits, duration, mood, percent, standing } from "./format.js"
import { keyForms } from "./key-form.js"

const daysShown = 7
const hoursShown = 24 * daysShown
const hourMillis = 3_600_000
/** Pixels below which an hour's bar would be a hair. */
const narrow = 480
const refreshMillis = 10_000
const hostsCharted = 20
const barHeight = 28

/** Ends what is refreshed. */
let stop = () => {}

export const showHosts = () => {
  stop()
  const place = byId("hosts")
  if (storedKey() === undefined) keyForms(place, () => void showHosts())
  else stop = showKnown(place)
  return () => stop()
}

const showKnown = (place) => {
  const list = element("div")
  const earnings = element("div")
  fill(
    place,
    element("p", {}, element("a", { href: "#register", class: "button" }, "Register a host")),
    list,
    earnings,
  )
  const refresh = async () => {
    try {
      const { data } = await ask("GET", "account/hosts")
      fill(list, hostTable(data))
      return data
    } catch (error) {
      clearInterval(timer)
      fill(list, element("p", { class: "problem", role: "alert" }, error.message))
      return undefined
    }
  }
  const timer = setInterval(refresh, refreshMillis)
  let hosts
  const redraw = () =>
    showEarnings(earnings, hosts ?? []).catch((error) =>
      fill(earnings, element("p", { class: "problem", role: "alert" }, error.message)),
    )
  const scheme = matchMedia("(prefers-color-scheme: dark)")
  scheme.addEventListener("change", redraw)
  const begin = async () => {
    hosts = await refresh()
    if (hosts !== undefined) await redraw()
  }
  void begin()
  return () => {
    clearInterval(timer)
    scheme.removeEventListener("change", redraw)
  }
}

const hostMoods = { active: "good", draining: "busy", leaving: "busy", inactive: "bad" }

const hostTable = (hosts) =>
  table(
    "My hosts",
    [
      {
        title: "Host",
        cell: ({ name, host_id: id }) => [name, element("small", {}, element("code", {}, id))],
      },
      {
        title: "Status",
        cell: ({ status }) => element("span", { class: `chip ${hostMoods[status]}` }, status),
      },
      { title: "Models", cell: ({ models }) => [...models.map(modelLine), proxyLine(models)] },
      {
        title: "Calls now",
        align: "number",
        cell: ({ models }) => count(models.reduce((sum, one) => sum + one.in_flight, 0)),
      },
      {
        title: "Health",
        align: "number",
        cell: ({ models }) =>
          models.length === 0 ? "–" : percent(Math.min(...models.map(({ health }) => health))),
      },
    ],
    hosts,
    "You have no hosts yet.",
  )

const modelLine = ({ model, reason, ramp, recovers, recovers_in_seconds: seconds }) =>
  element(
    "p",
    { class: "line" },
    `${model} `,
    element("span", { class: `chip ${mood(reason)}` }, standing(reason)),
    recovers === null || reason === "Full"
      ? undefined
      : element(
          "small",
          {},
          `Comes back with ${recovers}${seconds === null ? "" : `, in ${duration(seconds)}`}.`,
        ),
    ramp < 1 ? element("small", {}, `Ramped up to ${percent(ramp)}.`) : undefined,
  )

/** What a proxy does to a host's uploads is nothing that its models could show. */
const proxyLine = (models) =>
  models.some((one) => one.uploads_held_back)
    ? element(
        "p",
        { class: "line" },
        element("span", { class: "chip bad" }, "uploads held back"),
        element(
          "small",
          {},
          "Its tokens arrive in one go: a proxy between keeps them until they are whole; see docs/proxies.md.",
        ),
      )
    : undefined

const kinds = { share: "share of calls", bounty: "bounty", vestingBounty: "bounty, vesting" }

const showEarnings = async (place, hosts) => {
  const { data } = await ask("GET", `account/earnings?hours=${hoursShown}`)
  const heading = element("h2", {}, "Earned in the last 7 days")
  if (data.length === 0)
    return fill(place, heading, element("p", { class: "panel empty" }, "Nothing yet."))
  const byHour = element("div", { class: "chart" })
  const byHost = element("div", { class: "chart" })
  const totals = await hostTotals(hosts)
  fill(
    place,
    heading,
    element("div", { class: "panel" }, byHour),
    element("h2", {}, "By host"),
    element("div", { class: "panel" }, byHost),
    totalsTable(totals),
  )
  const { rows, spanHours } = stacked(data, byHour.clientWidth < narrow ? 6 : 1)
  const stepHours = spanHours > 24 ? 24 : 4
  await draw(byHour, `Credits earned by hour over the last 7 days, in ${rows.length} parts`, {
    height: 220,
    data: { values: rows },
    mark: { type: "bar", clip: true },
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        title: null,
        scale: { domain: [-spanHours, 0], nice: false },
        axis: {
          grid: false,
          values: Array.from({ length: spanHours / stepHours + 1 }, (_, n) => -n * stepHours),
          labelOverlap: "greedy",
          labelSeparation: 12,
          labelFlush: false,
          labelExpr:
            spanHours > 24
              ? "datum.value == 0 ? 'now' : format(-datum.value / 24, 'd') + ' d ago'"
              : "datum.value == 0 ? 'now' : format(-datum.value, 'd') + ' h ago'",
        },
      },
      x2: { field: "to" },
      y: { field: "bottom", type: "quantitative", title: "credits", axis: { tickCount: 5 } },
      y2: { field: "top" },
      color: {
        field: "kind",
        type: "nominal",
        scale: { domain: Object.values(kinds), range: lotColours() },
      },
    },
  })
  await draw(byHost, "Credits earned by each host from calls over the last 7 days", {
    height: barHeight * Math.min(totals.length, hostsCharted),
    data: {
      values: totals
        .slice(0, hostsCharted)
        .map(({ name, earned }) => ({ name, credits: Number(earned) })),
    },
    mark: { type: "bar" },
    encoding: {
      y: { field: "name", type: "nominal", sort: "-x", title: null },
      x: { field: "credits", type: "quantitative", title: "credits", axis: { tickCount: 5 } },
    },
  })
}

/**
 * Bars of so many hours, in hours from now, the kinds one on the other; and how far back they go, in
 * whole days. Binary fractions are good enough for the height of a bar.
 */
const stacked = (hours, hoursABar) => {
  const now = Date.now()
  const sums = new Map()
  for (const { at, kind, amount } of hours) {
    const slot = Math.floor((at * 1000 - now) / hourMillis / hoursABar)
    const ofSlot = sums.get(slot) ?? {}
    ofSlot[kind] = (ofSlot[kind] ?? 0) + Number(amount)
    sums.set(slot, ofSlot)
  }
  const rows = [...sums].flatMap(([slot, ofSlot]) => {
    let top = 0
    return Object.keys(kinds).flatMap((kind) => {
      if (ofSlot[kind] === undefined) return []
      const bottom = top
      top += ofSlot[kind]
      const from = slot * hoursABar
      return { from, to: from + hoursABar, kind: kinds[kind], bottom, top }
    })
  })
  const oldest = Math.max(0, ...rows.map(({ from }) => -from))
  return { rows, spanHours: 24 * Math.min(daysShown, Math.max(1, Math.ceil(oldest / 24))) }
}

/** What each host earned, the most first. */
const hostTotals = async (hosts) => {
  const totals = await Promise.all(
    hosts.slice(0, hostsCharted).map(async ({ host_id: id, name }) => {
      const { total } = await ask("GET", `hosts/${id}/earnings?hours=${hoursShown}`)
      return { name, ...total }
    }),
  )
  const earned = aligned(totals.map((one) => one.earned))
  return totals
    .map((one, index) => ({ ...one, earned: earned[index] }))
    .toSorted((a, b) => Number(b.earned) - Number(a.earned))
}

const totalsTable = (totals) =>
  table(
    "Earnings by host",
    [
      { title: "Host", cell: ({ name }) => name },
      { title: "Calls", align: "number", cell: ({ jobs }) => count(jobs) },
      { title: "Tokens", align: "number", cell: (one) => count(one.output_tokens) },
      { title: "Credits", align: "number", cell: ({ earned }) => credits(earned) },
    ],
    totals,
    "No host has earned yet.",
  )
