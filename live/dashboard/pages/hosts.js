/** One's own hosts: how they stand, and what they earned. */
import { ask, storedKey } from "./api.js"
import { draw, lotColours } from "./charts.js"
import { byId, element, fill, table } from "./dom.js"
import { count, credits, duration, mood, percent, standing } from "./format.js"
import { keyForms } from "./key-form.js"

const hoursShown = 168
const refreshMillis = 10_000
const hostsCharted = 20

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
  void refresh().then((found) => {
    hosts = found
    if (hosts !== undefined) void redraw()
  })
  return () => {
    clearInterval(timer)
    scheme.removeEventListener("change", redraw)
  }
}

const hostTable = (hosts) =>
  table(
    "My hosts",
    [
      {
        title: "Host",
        cell: ({ name, host_id: id }) => [name, element("small", {}, element("code", {}, id))],
      },
      {
        title: "Online",
        cell: ({ is_online: isOnline }) =>
          element(
            "span",
            { class: `chip ${isOnline ? "good" : "bad"}` },
            isOnline ? "online" : "offline",
          ),
      },
      { title: "Models", cell: ({ models }) => models.map(modelLine) },
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
  // Binary fractions are good enough for the height of a bar; the table below shows what it is.
  const rows = data.map(({ at, kind, amount }) => ({
    at: at * 1000,
    kind: kinds[kind],
    credits: Number(amount),
  }))
  await draw(byHour, `Credits earned by hour over the last 7 days, ${rows.length} bars`, {
    height: 220,
    data: { values: rows },
    mark: { type: "bar" },
    encoding: {
      x: { field: "at", type: "temporal", timeUnit: "yearmonthdatehours", title: null },
      y: { field: "credits", type: "quantitative", aggregate: "sum", title: "credits" },
      color: {
        field: "kind",
        type: "nominal",
        scale: { domain: Object.values(kinds), range: lotColours() },
      },
    },
  })
  await draw(byHost, "Credits earned by each host from calls over the last 7 days", {
    height: { step: 28 },
    data: {
      values: totals
        .slice(0, hostsCharted)
        .map(({ name, earned }) => ({ name, credits: Number(earned) })),
    },
    mark: { type: "bar" },
    encoding: {
      y: { field: "name", type: "nominal", sort: "-x", title: null },
      x: { field: "credits", type: "quantitative", title: "credits" },
    },
  })
}

/** What each host earned, the most first. */
const hostTotals = async (hosts) => {
  const totals = await Promise.all(
    hosts.slice(0, hostsCharted).map(async ({ host_id: id, name }) => {
      const { total } = await ask("GET", `hosts/${id}/earnings?hours=${hoursShown}`)
      return { name, ...total }
    }),
  )
  return totals.toSorted((a, b) => Number(b.earned) - Number(a.earned))
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
