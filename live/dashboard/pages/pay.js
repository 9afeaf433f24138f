/** What one's hosts were paid: by hour, by day and by host, why it is so much, and what to expect. */
import { ask } from "./api.js"
import { colours, draw, lotColours } from "./charts.js"
import { element, fill, table } from "./dom.js"
import { aligned, count, credits, day, isZero, percent } from "./format.js"

const daysShown = 7
const hoursShown = 24 * daysShown
const hourMillis = 3_600_000
/** Pixels below which an hour's bar would be a hair. */
const narrow = 480
const hostsCharted = 20
const barHeight = 28

const kinds = {
  share: "share of calls",
  giftShare: "share, in gifts",
  bounty: "bounty",
  vestingBounty: "bounty, vesting",
  rentShare: "hours of machines",
}

/** @param {HTMLElement} place */
export const showPay = async (place, hosts) => {
  const { data } = await ask("GET", `account/earnings?hours=${hoursShown}`)
  const heading = element("h2", {}, "Earned in the last 7 days")
  const pay = await ask("GET", "account/pay?days=30")
  if (data.length === 0 && pay.days.length === 0)
    return fill(
      place,
      heading,
      element("p", { class: "panel empty" }, "Nothing yet: no call was served to its end."),
      reasons(pay, hosts),
    )
  const byHour = element("div", { class: "chart" })
  const byHost = element("div", { class: "chart" })
  fill(
    place,
    heading,
    element("div", { class: "panel" }, byHour),
    element("h2", {}, "How it came about, last 30 days"),
    breakdown(pay),
    reasons(pay, hosts),
    element("h2", {}, "If this goes on"),
    estimate(pay.estimate),
    element("h2", {}, "By host, last 30 days"),
    element("div", { class: "panel" }, byHost),
    hostTable(pay),
    element("h2", {}, "By day"),
    dayTable(pay.days),
  )
  await drawHours(byHour, data)
  await drawHosts(byHost, pay.hosts)
}

const drawHours = async (place, data) => {
  const { rows, spanHours } = stacked(data, place.clientWidth < narrow ? 6 : 1)
  const stepHours = spanHours > 24 ? 24 : 4
  await draw(place, `Credits earned by hour over the last 7 days, in ${rows.length} parts`, {
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
        scale: { domain: Object.values(kinds), range: [...lotColours(), ...colours("--accent")] },
      },
    },
  })
}

const drawHosts = (place, hosts) =>
  draw(place, "Credits earned by each host from calls over the last 30 days", {
    height: barHeight * Math.min(hosts.length, hostsCharted),
    data: {
      values: hosts
        .slice(0, hostsCharted)
        .flatMap(({ name, earned, gift }) => [
          { name, kind: kinds.share, credits: Number(earned) },
          { name, kind: kinds.giftShare, credits: Number(gift) },
        ])
        .filter((bar) => bar.credits > 0),
    },
    mark: { type: "bar" },
    encoding: {
      y: { field: "name", type: "nominal", sort: "-x", title: null },
      x: { field: "credits", type: "quantitative", title: "credits", axis: { tickCount: 5 } },
      color: {
        field: "kind",
        type: "nominal",
        legend: null,
        scale: { domain: [kinds.share, kinds.giftShare], range: lotColours().slice(0, 2) },
      },
    },
  })

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

/** From what callers were charged to what was paid, a line for each part. */
const breakdown = ({ total, rules }) => {
  const lines = [
    ["Callers were charged", total.gross, `${count(total.calls)} calls`],
    ["The platform's fee", `-${total.fee}`, `${rules.fee_bps / 100}% of each call`],
    ["Withheld after model switches", `-${total.withheld}`, "goes to the bounty pool"],
    ["Paid, withdrawable", total.earned, "of what callers had bought or earned"],
    ["Paid in gifts", total.gift, "of what callers had been given: for calls of your own"],
    ["Bounty paid at once", total.bounty, "on models that are short of hosts"],
    [
      "Bounty that vests",
      total.vesting,
      rules.vesting_days === 0 ? "" : `released over ${count(rules.vesting_days)} days`,
    ],
    ["Bounty released", total.released, "of what vested before"],
  ].filter(([title, amount]) => !isZero(amount) || String(title).startsWith("Paid"))
  const amounts = aligned(lines.map(([, amount]) => amount))
  return table(
    "How pay came about",
    [
      { title: "Part", cell: ([title, , note]) => [title, element("small", {}, note)] },
      {
        title: "Credits",
        align: "number",
        cell: (line) => credits(amounts[lines.indexOf(line)]),
      },
    ],
    lines,
    "",
  )
}

/** What makes pay as it is: only what holds for these hosts. */
const reasons = ({ total, rules }, hosts) => {
  const models = hosts.flatMap((host) => host.models.map((one) => ({ host: host.name, ...one })))
  const ramping = models.filter(({ ramp }) => ramp < 1)
  const reduced = models.filter((one) => one.payout_reduction > 0)
  const caps = models.map((one) => one.max_bounty_multiplier)
  const said = [
    isZero(total.gift)
      ? undefined
      : "Callers spend the gift of their sign-up first. What a gift paid stays a gift: it buys calls, cannot be withdrawn, and earns no bounty.",
    ramping.length === 0
      ? undefined
      : `${named(ramping)}: a new host starts with a part of its calls, now ${percent(Math.min(...ramping.map(({ ramp }) => ramp)))}, and gets all of them after ${count(rules.ramp_hours)} hours online.`,
    reduced.length === 0
      ? undefined
      : `${named(reduced)}: pay is ${percent(Math.max(...reduced.map((one) => one.payout_reduction)))} lower after a change of model; that fades within ${count(rules.switch_hours)} hours of the switch.`,
    caps.length === 0
      ? undefined
      : `A bounty multiplies your share by at most ×${Math.min(...caps).toFixed(2)}: trust, which grows with days online and health, raises that.`,
    Number(total.bounty_claimed) > Number(total.bounty) + Number(total.vesting)
      ? "Bounties are paid at the turn of each hour, as far as the pool reaches."
      : undefined,
  ].filter((one) => one !== undefined)
  return said.length === 0
    ? undefined
    : element(
        "div",
        { class: "panel" },
        element("h3", {}, "Why it is what it is"),
        element(
          "ul",
          { class: "reasons" },
          said.map((one) => element("li", {}, one)),
        ),
      )
}

const named = (models) => {
  const names = [...new Set(models.map(({ host }) => host))]
  return names.length > 3 ? `${count(names.length)} of your hosts` : names.join(", ")
}

const estimate = (given) =>
  given === null
    ? element(
        "p",
        { class: "panel empty" },
        "Not enough to go on: an estimate needs three whole days of pay.",
      )
    : element(
        "p",
        { class: "panel" },
        element("strong", {}, `${credits(given.earned_per_day)} credits a day`),
        isZero(given.gift_per_day) ? "" : ` and ${credits(given.gift_per_day)} in gifts`,
        element(
          "small",
          {},
          ` The mean of the last ${count(given.whole_days)} whole days, which brought between ${credits(given.least_per_day)} and ${credits(given.most_per_day)}. It knows nothing of what is to come: other hosts, other demand, a ramp that ends.`,
        ),
      )

/** Columns that a host and a day share. */
const payColumns = (rows) => {
  const earned = aligned(rows.map((one) => one.earned))
  const gift = aligned(rows.map((one) => one.gift))
  const withheld = aligned(rows.map((one) => one.withheld))
  const at = (row) => rows.indexOf(row)
  return [
    { title: "Calls", align: "number", cell: (row) => count(row.calls) },
    { title: "Tokens", align: "number", cell: (row) => count(row.output_tokens) },
    { title: "Withheld", align: "number", cell: (row) => credits(withheld[at(row)]) },
    { title: "In gifts", align: "number", cell: (row) => credits(gift[at(row)]) },
    { title: "Withdrawable", align: "number", cell: (row) => credits(earned[at(row)]) },
  ]
}

const hostTable = ({ hosts, hosts_left_out: leftOut }) => [
  table(
    "Pay by host",
    [{ title: "Host", cell: ({ name }) => name }, ...payColumns(hosts)],
    hosts,
    "No host has been paid yet.",
  ),
  leftOut === 0
    ? undefined
    : element("p", {}, `and ${count(leftOut)} hosts more, which were paid less.`),
]

const dayTable = (days) => {
  const latestFirst = days.toReversed()
  const bounties = aligned(latestFirst.map((one) => one.bounty))
  return table(
    "Pay by day",
    [
      { title: "Day", cell: ({ at }) => day(at) },
      ...payColumns(latestFirst),
      {
        title: "Bounty",
        align: "number",
        cell: (row) => credits(bounties[latestFirst.indexOf(row)]),
      },
    ],
    latestFirst,
    "No day has brought anything yet.",
  )
}
